import { describe, expect, it } from 'vitest';
import { Circuits } from '../src/incidents/circuits.js';
import { eventually } from './support/eventually.js';
import { handsOn } from './support/operator.js';
import { partOf } from './support/part-of.js';
import { creations, startTestService } from './support/service.js';

const SMS_SENDER = 'sender:+15005550006';
const VOICE_SENDER = 'sender:voice:+15005550006';
const WHATSAPP_SENDER = 'sender:whatsapp:+14155238886';
const to = (number: number) => `+1555123${String(number).padStart(4, '0')}`;

describe('a sender that the provider rate-limits', () => {
  it('waits after repeated rate limits, recovers by itself, and loses nothing', async () => {
    const test = await startTestService({ RETRY_BASE_MS: '200' });
    const { operator, provider } = handsOn(test);
    await provider.fail('*', {
      times: 6,
      match: { channel: 'sms' },
      fault: { kind: 'status', status: 429, code: 20429 },
    });
    const ids = await Promise.all(
      [1, 2, 3, 4, 5, 6, 7, 8].map((number) => test.api.send({ to: to(number), channels: ['sms'], body: 'Hello' })),
    );
    const open = await operator.untilCircuit(SMS_SENDER, 'open');
    expect(open).toMatchObject({ cause: 'rate_limit', reason: expect.stringContaining('20429') });
    expect(Date.parse(open.nextProbeAt ?? '') - Date.parse(open.openedAt ?? '')).toBe(1000);
    const { rows } = await test.database.query('SELECT wait_ms FROM circuits WHERE scope = $1', [SMS_SENDER]);
    expect(rows).toEqual([{ wait_ms: '1000' }]);
    expect((await operator.circuit(WHATSAPP_SENDER)).state).toBe('closed');
    for (const id of ids) await test.api.untilStatus(id, 'sent', 'delivered');
    await operator.untilCircuit(SMS_SENDER, 'closed');
  });

  it('still calls while only its messages wait, and the other way round', async () => {
    const test = await startTestService();
    const { operator } = handsOn(test);
    const open = async (scope: string) =>
      test.api.post(`/v1/admin/circuits/${(await operator.circuit(scope)).id}/open`, { reason: 'queue is full' });
    const send = (channel: string) => test.api.send({ to: to(1), channels: [channel], body: 'Hello' });
    expect((await open(SMS_SENDER)).status).toBe(200);
    const message = await send('sms');
    await test.api.untilStatus(await send('voice'), 'delivered');
    await eventually(
      () => operator.circuit(SMS_SENDER),
      ({ heldCount }) => heldCount === 1,
    );
    await open(VOICE_SENDER);
    await operator.close(SMS_SENDER);
    await test.api.untilStatus(message, 'delivered');
    const call = await send('voice');
    await eventually(
      () => operator.circuit(VOICE_SENDER),
      ({ heldCount }) => heldCount === 1,
    );
    await operator.close(VOICE_SENDER);
    await test.api.untilStatus(call, 'delivered');
  });

  it.each([
    ['one carrier counts its day', 30023],
    ['two numbers talk in circles', 14107],
    ['half a cap is used', 30025],
  ])('goes on where %s: that says nothing of other recipients (%i)', async (_, errorCode) => {
    const test = await startTestService();
    const { provider } = handsOn(test);
    await provider.fail('*', { times: 6, fault: { kind: 'callback', status: 'failed', errorCode } });
    const ids = await Promise.all(
      [1, 2, 3, 4, 5, 6].map((number) => test.api.send({ to: to(number), channels: ['sms'], body: 'Hello' })),
    );
    for (const id of ids) await test.api.untilStatus(id, 'failed');
    const next = { channel: 'sms', sender: '+15005550006', probe: false } as const;
    expect(partOf(test.service, Circuits).blocking(next)).toBeNull();
    await test.api.untilStatus(await test.api.send({ to: to(7), channels: ['sms'], body: 'Hello' }), 'delivered');
  });
});

describe('a sender that the provider locked', () => {
  it('sends what has another channel there, and holds the rest for an operator', async () => {
    const test = await startTestService();
    const { operator, provider } = handsOn(test);
    const hello = { body: 'Hello', channels: ['whatsapp'] };
    await provider.fail(to(1), { match: { channel: 'whatsapp' }, fault: { kind: 'status', status: 400, code: 63051 } });
    const first = await test.api.send({ ...hello, to: to(1) });
    await operator.untilCircuit(WHATSAPP_SENDER, 'open');
    expect(await test.api.untilStatus(first, 'failed')).toMatchObject({
      deadLetter: { errorClass: 'channel_unavailable' },
    });

    const elsewhere = await test.api.send({ ...hello, to: to(2), channels: ['whatsapp', 'sms'] });
    expect(await test.api.untilStatus(elsewhere, 'delivered')).toMatchObject({ channel: 'sms' });
    const stuck = await test.api.send({ ...hello, to: to(3) });
    await eventually(
      () => operator.circuit(WHATSAPP_SENDER),
      ({ heldCount }) => heldCount === 1,
    );
    expect(await operator.circuit(WHATSAPP_SENDER)).toMatchObject({ cause: 'sender_unavailable', nextProbeAt: null });
    expect((await creations(test.simulator.url)).map((create) => create.to)).toEqual([`whatsapp:${to(1)}`, to(2)]);
    await operator.close(WHATSAPP_SENDER);
    await test.api.untilStatus(stuck, 'delivered');
  });

  it('still sends what waits for it once its circuit is closed, although another sender is configured meanwhile', async () => {
    const test = await startTestService({ ROLE: 'api' });
    const { operator, provider } = handsOn(test);
    const { id } = await operator.circuit(WHATSAPP_SENDER);
    await test.api.post(`/v1/admin/circuits/${id}/open`);
    const waiting = await test.api.send({ to: to(1), channels: ['whatsapp'], body: 'Hello' });
    await test.replica({ ROLE: 'worker', TWILIO_WHATSAPP_FROM: '+14155238887' });
    await eventually(
      () => operator.circuit(WHATSAPP_SENDER),
      ({ heldCount }) => heldCount === 1,
    );
    await operator.close(WHATSAPP_SENDER);
    await test.api.untilStatus(waiting, 'delivered');
    expect(await provider.creates(to(1))).toMatchObject([{ params: { From: 'whatsapp:+14155238886' } }]);
  });

  it('is known when only a callback says so', async () => {
    const test = await startTestService();
    const { operator } = handsOn(test);
    const sent = { channel: 'whatsapp', sender: '+14155238886', attemptStartedAt: new Date() } as const;
    const circuits = partOf(test.service, Circuits);
    circuits.onReported(sent, { errorClass: 'provider_fault', scope: 'message', rule: 'message status failed' }, null);
    circuits.onReported(sent, { errorClass: 'channel_unavailable', scope: 'sender', rule: 'Twilio code 63051' }, 63051);
    await operator.untilCircuit(WHATSAPP_SENDER, 'open');
    expect((await operator.circuit('resource:whatsapp')).state).toBe('closed');
  });
});
