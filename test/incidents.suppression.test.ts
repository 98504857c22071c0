import { describe, expect, it } from 'vitest';
import { wishOf } from '../src/recipients/inbound.keywords.js';
import { moveClock } from './support/clock.js';
import { eventually } from './support/eventually.js';
import { handsOn } from './support/operator.js';
import { creations, Provider, type ServiceUnderTest, startTestService } from './support/service.js';
import { TwilioCallback } from './support/twilio-callback.js';

const TO = '+15551230001';
const FROM = '+15005550006';
/** One number for every channel. */
const NUMBER = '+14155238886';
const hello = { to: TO, channels: ['sms'], body: 'Hello' };

describe('a recipient who answers STOP', () => {
  it('is not written to by that sender until they answer START', async () => {
    const test = await startTestService();
    expect(await inbound(test, 'Stop')).toBe(204);
    const suppressed = await test.api.send(hello);
    const ended = await test.api.untilStatus(suppressed, 'failed');
    expect(ended.deadLetter).toBeNull();
    expect(await creations(test.simulator.url)).toEqual([]);
    const called = await test.api.send({ ...hello, channels: ['whatsapp'] });
    await test.api.untilStatus(called, 'delivered');

    expect(await inbound(test, 'please START')).toBe(204);
    expect((await list(test)).map(({ sender, recipient }) => ({ sender, recipient }))).toEqual([
      { sender: FROM, recipient: TO },
    ]);
    expect(await inbound(test, ' start ')).toBe(204);
    expect(await list(test)).toEqual([]);
    await test.api.untilStatus(await test.api.send(hello), 'delivered');
  });

  it.each([
    ['who never was suppressed', []],
    ['who was', ['STOP']],
    ['who says it twice', ['START']],
  ])('and START again, %s, is not silenced by a late report of what was sent before', async (_, before) => {
    const test = await startTestService({}, { callbacks: 'none' });
    const refused = await test.api.send(hello);
    const [delivery] = (await test.api.untilStatus(refused, 'sent')).deliveries;
    for (const word of [...before, 'START']) expect(await inbound(test, word)).toBe(204);
    const [attemptId, sid] = [delivery?.attempts[0]?.id ?? '', delivery?.providerSid ?? ''];
    const report = await new TwilioCallback(test).message(attemptId, sid, 'undelivered', { ErrorCode: '21610' });
    expect(report.status).toBe(204);
    await test.api.untilStatus(refused, 'failed');
    expect(await list(test)).toEqual([]);
    await test.api.untilStatus(await test.api.send(hello), 'sent');
  });

  it('is remembered once as one who wants messages, however often they answer START', async () => {
    const test = await startTestService({ ROLE: 'api' });
    for (const word of ['STOP', 'START', 'YES', 'START']) expect(await inbound(test, word)).toBe(204);
    const { rows } = await test.database.query('SELECT lifted_at IS NULL AS active FROM suppressions');
    expect(rows).toEqual([{ active: false }, { active: false }]);
  });

  it('is left alone after the provider said that they opted out, until an operator lifts it', async () => {
    const test = await startTestService();
    const { provider } = handsOn(test);
    await provider.fail(TO, { times: 1, fault: { kind: 'status', status: 400, code: 21610 } });
    await test.api.untilStatus(await test.api.send(hello), 'failed');
    const [suppression] = await eventually(
      () => list(test),
      (items) => items.length === 1,
    );
    expect(suppression).toMatchObject({ sender: FROM, recipient: TO, reason: 'Twilio code 21610' });
    await test.api.untilStatus(await test.api.send(hello), 'failed');
    expect(await creations(test.simulator.url)).toHaveLength(1);

    const path = `/v1/admin/suppressions/${suppression?.id}`;
    expect((await test.api.request('DELETE', path)).status).toBe(204);
    expect((await test.api.request('DELETE', path)).status).toBe(404);
    const { body } = await test.api.get<{ items: object[] }>('/v1/admin/audit?subjectType=suppression');
    expect(body.items).toMatchObject([{ action: 'suppression.lifted', subjectId: suppression?.id }]);
    await test.api.untilStatus(await test.api.send(hello), 'delivered');
  });
});

describe('a recipient on WhatsApp', () => {
  const onWhatsApp = (errorCode: number) => ({
    times: 1,
    match: { channel: 'whatsapp' },
    fault: { kind: 'callback', status: 'undelivered', errorCode },
  });

  it('who wants no marketing still gets a one-time password there', async () => {
    const test = await startTestService();
    const { provider } = handsOn(test);
    await provider.fail(TO, onWhatsApp(63033));
    const everywhere = { to: TO, channels: ['whatsapp', 'sms', 'voice'], body: 'Hello' };
    const refused = await test.api.untilStatus(
      await test.api.send({ ...everywhere, category: 'marketing' }),
      'failed',
      'delivered',
    );
    expect(refused).toMatchObject({ channel: 'whatsapp', deadLetter: { errorClass: 'content_rejected' } });
    expect(await list(test)).toEqual([]);
    const password = await test.api.send({ ...everywhere, category: 'otp' });
    expect(await test.api.untilStatus(password, 'failed', 'delivered')).toMatchObject({
      status: 'delivered',
      channel: 'whatsapp',
    });
  });

  it('who blocked the sender there still gets SMS and calls from the same number, and the other way round', async () => {
    const test = await startTestService({
      TWILIO_SMS_FROM: NUMBER,
      TWILIO_WHATSAPP_FROM: NUMBER,
      TWILIO_VOICE_FROM: NUMBER,
    });
    const { provider } = handsOn(test);
    const ends = async (channel: string) =>
      (await test.api.untilStatus(await test.api.send({ ...hello, channels: [channel] }), 'failed', 'delivered'))
        .status;
    await provider.fail(TO, onWhatsApp(63014));
    expect(await ends('whatsapp')).toBe('failed');
    expect(await list(test)).toMatchObject([{ sender: `whatsapp:${NUMBER}`, recipient: TO }]);
    const calls = (await creations(test.simulator.url)).length;
    expect(await ends('whatsapp')).toBe('failed');
    expect(await creations(test.simulator.url)).toHaveLength(calls);
    expect(await ends('sms')).toBe('delivered');
    expect(await ends('voice')).toBe('delivered');

    await inbound(test, 'START', NUMBER);
    const [blocked] = await list(test);
    expect(blocked?.sender).toBe(`whatsapp:${NUMBER}`);
    const lift = (body?: object) => test.api.request('DELETE', `/v1/admin/suppressions/${blocked?.id}`, body);
    expect((await lift({ dryRun: true })).status).toBe(400);
    expect(await list(test)).toHaveLength(1);
    expect((await lift()).status).toBe(204);
    await inbound(test, 'STOP', NUMBER);
    expect(await list(test)).toMatchObject([{ sender: NUMBER, recipient: TO }]);
    expect(await ends('sms')).toBe('failed');
    expect(await ends('voice')).toBe('failed');
    expect(await ends('whatsapp')).toBe('delivered');
  });
});

it('refuses an inbound message that Twilio did not sign, and writes nothing', async () => {
  const test = await startTestService();
  const answer = await fetch(`${test.url}/callbacks/twilio/inbound`, {
    method: 'POST',
    headers: { 'x-twilio-signature': 'c2lnbmF0dXJl' },
    body: new URLSearchParams({ From: TO, To: FROM, Body: 'STOP' }),
  });
  expect(answer.status).toBe(403);
  expect(await list(test)).toEqual([]);
});

it.each([63003, 63024])(
  'skips a channel the recipient is not on (%i) for a day, where another one is left',
  async (errorCode) => {
    const test = await startTestService();
    const notThere = {
      fault: { kind: 'callback', status: 'undelivered', errorCode },
      match: { channel: 'whatsapp' },
    };
    await new Provider(test.simulator.url).fail(TO, notThere);
    const both = { ...hello, channels: ['whatsapp', 'sms'] };
    await test.api.until(
      await test.api.send(both),
      ({ channel, status }) => channel === 'sms' && status === 'delivered',
    );
    await test.api.untilStatus(await test.api.send(both), 'delivered');
    const seen = (await creations(test.simulator.url)).map(({ to }) => to);
    expect(seen).toEqual([`whatsapp:${TO}`, TO, TO]);
    const remembered = async () =>
      (
        await test.database.query(
          `SELECT channel, provider_code, round(extract(epoch FROM until - service_now()) / 3600) AS hours FROM unavailable_channels`,
        )
      ).rows;
    expect(await remembered()).toEqual([{ channel: 'whatsapp', provider_code: errorCode, hours: '24' }]);

    await moveClock(test.databaseUrl, 25 * 3_600_000);
    await test.api.untilStatus(await test.api.send(both), 'delivered');
    expect((await creations(test.simulator.url)).slice(3).map(({ to }) => to)).toEqual([`whatsapp:${TO}`, TO]);
    expect(await remembered()).toEqual([{ channel: 'whatsapp', provider_code: errorCode, hours: '24' }]);
  },
);

it('tries a channel that the recipient was not on again at once, where that is remembered for no time', async () => {
  const test = await startTestService({ UNAVAILABLE_CHANNEL_HOURS: '0' });
  const notThere = {
    fault: { kind: 'callback', status: 'undelivered', errorCode: 63003 },
    match: { channel: 'whatsapp' },
  };
  await new Provider(test.simulator.url).fail(TO, notThere);
  const both = { ...hello, channels: ['whatsapp', 'sms'] };
  for (const _ of ['first', 'second']) await test.api.untilStatus(await test.api.send(both), 'delivered');
  const seen = (await creations(test.simulator.url)).map(({ to }) => to);
  expect(seen).toEqual([`whatsapp:${TO}`, TO, `whatsapp:${TO}`, TO]);
  expect((await test.database.query('SELECT * FROM unavailable_channels')).rows).toEqual([]);
});

it('keeps trying WhatsApp when Meta withheld only a marketing message (63032)', async () => {
  const test = await startTestService();
  const withheld = {
    fault: { kind: 'callback', status: 'undelivered', errorCode: 63032 },
    match: { channel: 'whatsapp' },
  };
  await new Provider(test.simulator.url).fail(TO, withheld);
  const both = { ...hello, channels: ['whatsapp', 'sms'] };
  for (let time = 0; time < 2; time += 1) {
    await test.api.until(
      await test.api.send(both),
      ({ channel, status }) => channel === 'sms' && status === 'delivered',
    );
  }
  const seen = (await creations(test.simulator.url)).map(({ to }) => to);
  expect(seen).toEqual([`whatsapp:${TO}`, TO, `whatsapp:${TO}`, TO]);
});

describe('the keywords of carriers', () => {
  const wish = (body: string) => wishOf({ body, optOutType: null, from: TO });

  it.each(['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'OPTOUT', 'REVOKE'])('%s stops', (word) => {
    expect(wish(word)).toBe('stop');
    expect(wish(` ${word.toLowerCase()}\n`)).toBe('stop');
  });

  it.each(['START', 'YES', 'UNSTOP'])('%s starts', (word) => {
    expect(wish(word)).toBe('start');
    expect(wish(` ${word.toLowerCase()}\n`)).toBe('start');
  });

  it.each(['HELP', 'INFO', 'Stop it, please', 'NO', ''])('%j is neither', (word) => {
    expect(wish(word)).toBeNull();
  });

  it.each([
    ['yes', null, `whatsapp:${TO}`, null],
    ['ARRET', 'STOP', TO, 'stop'],
    ['STOP', 'HELP', TO, null],
  ] as const)(
    'mean nothing on WhatsApp, nor where Twilio itself has read the message: %j, read as %s, from %s: %s',
    (body, optOutType, from, expected) => {
      expect(wishOf({ body, optOutType, from })).toBe(expected);
    },
  );
});

interface Suppression {
  readonly id: string;
  readonly sender: string;
  readonly recipient: string;
  readonly reason: string;
}

async function list(test: ServiceUnderTest): Promise<Suppression[]> {
  return (await test.api.get<{ items: Suppression[] }>('/v1/admin/suppressions')).body.items;
}

/** A message of the recipient, as the provider passes it on, signed. @returns what the service answered. */
async function inbound(test: ServiceUnderTest, body: string, to = FROM): Promise<number> {
  const answer = await fetch(`${test.simulator.url}/__simulator/inbound`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ from: TO, to, body, url: `${test.url}/callbacks/twilio/inbound` }),
  });
  return ((await answer.json()) as { status: number }).status;
}
