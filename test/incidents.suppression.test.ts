import { describe, expect, it } from 'vitest';
import { wishOf } from '../src/incidents/inbound.keywords.js';
import { creations, eventually } from './incidents.setup.js';
import { type ServiceUnderTest, startTestService } from './support/service.js';

const TO = '+15551230001';
const FROM = '+15005550006';
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

  it('is left alone after the provider said that they opted out, until an operator lifts it', async () => {
    const test = await startTestService();
    const put = (body: object) =>
      fetch(`${test.simulator.url}/__simulator/faults/${encodeURIComponent(TO)}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    await put({ times: 1, fault: { kind: 'status', status: 400, code: 21610 } });
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

it('skips a channel the recipient is not on, where another one is left, for as long as configured', async () => {
  const test = await startTestService();
  const notThere = {
    fault: { kind: 'callback', status: 'undelivered', errorCode: 63003 },
    match: { channel: 'whatsapp' },
  };
  await fetch(`${test.simulator.url}/__simulator/faults/${encodeURIComponent(TO)}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(notThere),
  });
  const both = { ...hello, channels: ['whatsapp', 'sms'] };
  await test.api.until(await test.api.send(both), ({ channel, status }) => channel === 'sms' && status === 'delivered');
  await test.api.untilStatus(await test.api.send(both), 'delivered');
  const seen = (await creations(test.simulator.url)).map(({ to }) => to);
  expect(seen).toEqual([`whatsapp:${TO}`, TO, TO]);
  const { rows } = await test.database.query(
    `SELECT channel, provider_code, round(extract(epoch FROM until - service_now()) / 3600) AS hours FROM unavailable_channels`,
  );
  expect(rows).toEqual([{ channel: 'whatsapp', provider_code: 63003, hours: '24' }]);
});

it.each([
  ['STOP', null, TO, 'stop'],
  [' unsubscribe\n', null, TO, 'stop'],
  ['Unstop', null, TO, 'start'],
  ['yes', null, TO, 'start'],
  ['Stop it, please', null, TO, null],
  ['yes', null, `whatsapp:${TO}`, null],
  ['ARRET', 'STOP', TO, 'stop'],
  ['STOP', 'HELP', TO, null],
] as const)('takes %j with OptOutType %s from %s for %s', (body, optOutType, from, wish) => {
  expect(wishOf({ body, optOutType, from })).toBe(wish);
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
async function inbound(test: ServiceUnderTest, body: string): Promise<number> {
  const answer = await fetch(`${test.simulator.url}/__simulator/inbound`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ from: TO, to: FROM, body, url: `${test.url}/callbacks/twilio/inbound` }),
  });
  return ((await answer.json()) as { status: number }).status;
}
