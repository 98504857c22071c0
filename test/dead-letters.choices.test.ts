import { describe, expect, it } from 'vitest';
import type { DeadLetterDetailDto } from '../src/dead-letters/dead-letter.detail.dto.js';
import type { NotificationDto } from '../src/notifications/notification.dto.js';
import { WakeUp } from '../src/outbox/wake-up.js';
import { moveClock } from './support/clock.js';
import { eventually } from './support/eventually.js';
import { handsOn } from './support/operator.js';
import { Provider, startTestService, type ServiceUnderTest } from './support/service.js';
import { whileHeld } from './support/while-held.js';

const TO = '+15551230001';
const OTHER = '+15551230002';
const REFUSED = { kind: 'status', status: 400, code: 21618 };
const WHATSAPP_SENDER = 'sender:whatsapp:+14155238886';
const QUEUE = '/v1/admin/dead-letters';

async function start(env: Record<string, string> = {}) {
  const service = await startTestService(env);
  return { ...service, provider: new Provider(service.simulator.url) };
}

async function optsOut({ database }: ServiceUnderTest, recipient: string): Promise<void> {
  await database.query(
    `INSERT INTO suppressions (id, sender, recipient, reason, created_at)
     VALUES (new_uuid_v7(), '+15005550006', $1, 'test', now())`,
    [recipient],
  );
}

const channelsOf = ({ deliveries }: NotificationDto) =>
  deliveries.map(({ channel, attempts }) => `${channel} ${attempts.length}`);

describe('the channel that a human chose', () => {
  it('is tried although the recipient was not on it not long ago', async () => {
    const { api, provider } = await start();
    await provider.fail(TO, [
      { times: 1, match: { channel: 'whatsapp' }, fault: { kind: 'status', status: 400, code: 63003 } },
      { times: 1, match: { channel: 'sms' }, fault: { kind: 'status', status: 400, code: 21618 } },
    ]);
    const id = await api.send({ to: TO, channels: ['whatsapp', 'sms', 'voice'], body: 'Hello' });
    const { deadLetter } = await api.untilStatus(id, 'failed');
    await api.post(`${QUEUE}/${deadLetter?.id}/fallback`, { channel: 'whatsapp', note: 'they are on it now' });
    const delivered = await api.untilStatus(id, 'delivered');
    expect(channelsOf(delivered)).toEqual(['whatsapp 1', 'sms 1', 'whatsapp 1']);
  });

  it('is waited for where its sender is locked, and no other takes its place', async () => {
    const test = await start();
    const { api, provider } = test;
    const { operator } = handsOn(test);
    const locks = '+15551230009';
    await provider.fail(locks, { match: { channel: 'whatsapp' }, fault: { kind: 'status', status: 400, code: 63051 } });
    await provider.fail(TO, { times: 1, fault: REFUSED });
    const id = await api.send({ to: TO, channels: ['sms', 'voice'], body: 'Hello' });
    const { deadLetter } = await api.untilStatus(id, 'failed');
    await api.send({ to: locks, channels: ['whatsapp'], body: 'Hello' });
    await operator.untilCircuit(WHATSAPP_SENDER, 'open');
    await api.post(`${QUEUE}/${deadLetter?.id}/fallback`, { channel: 'whatsapp' });
    await eventually(
      () => operator.circuit(WHATSAPP_SENDER),
      ({ heldCount }) => heldCount === 1,
    );
    await operator.close(WHATSAPP_SENDER);
    expect(channelsOf(await api.untilStatus(id, 'delivered'))).toEqual(['sms 1', 'whatsapp 1']);
  });

  it.each([
    ['is not tried where the recipient opted out meanwhile', {}, TO, 'sms 0'],
    ['is not tried where that is the one whom the human named instead', { changes: { to: OTHER } }, OTHER, 'sms 0'],
    ['is tried where it is only the one whom the client named', { changes: { to: OTHER } }, TO, 'sms 1'],
  ])('%s', async (_, request, whoOptsOut, then) => {
    const service = await start();
    const { api, provider } = service;
    await provider.fail(TO, { times: 1, fault: REFUSED });
    const id = await api.send({ to: TO, channels: ['sms'], body: 'Hello' });
    const { deadLetter } = await api.untilStatus(id, 'failed');
    await whileHeld(service, 'sms', async () => {
      expect((await api.post(`${QUEUE}/${deadLetter?.id}/retry`, request)).status).toBe(200);
      await optsOut(service, whoOptsOut);
    });
    const ended = await api.untilStatus(id, then === 'sms 0' ? 'failed' : 'delivered');
    expect(channelsOf(ended)).toEqual(['sms 1', then]);
  });
});

it('a second retry goes to the one whom the first one named, unless they opted out', async () => {
  const service = await start();
  const { api, provider, database } = service;
  for (const to of [TO, OTHER]) await provider.fail(to, { times: 1, fault: REFUSED });
  const id = await api.send({ to: TO, channels: ['sms'], body: 'Hello' });
  const first = await api.untilStatus(id, 'failed');
  await api.post(`${QUEUE}/${first.deadLetter?.id}/retry`, { changes: { to: OTHER } });
  const { deadLetter } = await api.until(
    id,
    ({ status, deliveries }) => status === 'failed' && deliveries.length === 2,
  );
  const retry = () => api.post(`${QUEUE}/${deadLetter?.id}/retry`);
  await optsOut(service, TO);
  await optsOut(service, OTHER);
  expect(await retry()).toMatchObject({ status: 422, body: { reason: 'opted_out' } });
  await database.query('UPDATE suppressions SET lifted_at = now() WHERE recipient = $1', [OTHER]);
  expect((await retry()).status).toBe(200);
  expect(channelsOf(await api.untilStatus(id, 'delivered'))).toEqual(['sms 1', 'sms 1', 'sms 1']);
});

describe('the work of a resolution', () => {
  it('is announced once others can see it, so that nobody waits for the next poll', async () => {
    const test = await start();
    const { api, provider, database, service } = test;
    await provider.fail(TO, { times: 1, fault: REFUSED });
    const id = await api.send({ to: TO, channels: ['sms'], body: 'Hello' });
    const { deadLetter } = await api.untilStatus(id, 'failed');
    await whileHeld(test, 'sms', async () => {
      const seen: Promise<unknown[]>[] = [];
      service.app.get(WakeUp, { strict: false }).onDueWork(() => {
        seen.push(database.query('SELECT 1 FROM outbox').then(({ rows }) => rows));
      });
      await api.post(`${QUEUE}/${deadLetter?.id}/retry`);
      await expect.poll(() => seen.length).toBeGreaterThan(0);
      expect(await seen[0]).toHaveLength(1);
    });
    await api.untilStatus(id, 'delivered');
  });
});

describe('a recipient who may have got it from an earlier channel', () => {
  async function overdueThenUndelivered() {
    const service = await start();
    const { api, provider } = service;
    await provider.fail(TO, [
      { match: { channel: 'whatsapp' }, fault: { kind: 'callback', status: 'sent' } },
      { times: 1, match: { channel: 'sms' }, fault: { kind: 'callback', status: 'undelivered', errorCode: 30007 } },
    ]);
    const id = await api.send({ to: TO, channels: ['whatsapp', 'sms'], body: 'Hello', fallbackAfterSeconds: 600 });
    await api.untilStatus(id, 'sent');
    await moveClock(service.databaseUrl, 601_000);
    const { deadLetter } = await api.untilStatus(id, 'failed');
    const { body } = await api.get<DeadLetterDetailDto>(`${QUEUE}/${deadLetter?.id}`);
    return { api, id, dead: body };
  }

  const duplicates = ({ deliveries }: NotificationDto) =>
    deliveries.map(({ attempts }) => attempts.map(({ possibleDuplicate }) => possibleDuplicate));

  it('is shown to the human, and may get it twice', async () => {
    const { api, id, dead } = await overdueThenUndelivered();
    expect(dead.maybeAccepted).toBe(true);
    await api.post(`${QUEUE}/${dead.id}/retry`);
    expect(duplicates(await api.untilStatus(id, 'delivered'))).toEqual([[false], [true], [true]]);
  });

  it('is another than the one whom a human names instead', async () => {
    const { api, id, dead } = await overdueThenUndelivered();
    await api.post(`${QUEUE}/${dead.id}/retry`, { changes: { to: OTHER } });
    expect(duplicates(await api.untilStatus(id, 'delivered'))).toEqual([[false], [true], [false]]);
  });
});

it.each([
  [30410, 'may have arrived after all', true],
  [30003, 'has not arrived', false],
])(
  'what follows a failure with code %i, which %s, is a possible duplicate however often it fails: %s',
  async (errorCode, _, possibleDuplicate) => {
    const { api, provider } = await start();
    await provider.fail(TO, [
      { times: 1, match: { channel: 'whatsapp' }, fault: { kind: 'callback', status: 'undelivered', errorCode } },
      { times: 1, match: { channel: 'sms' }, fault: { kind: 'status', status: 400, code: 21211 } },
    ]);
    const id = await api.send({ to: TO, channels: ['whatsapp', 'sms'], body: 'Hello' });
    const { deadLetter } = await api.untilStatus(id, 'failed');
    const shown = await api.get<DeadLetterDetailDto>(`${QUEUE}/${deadLetter?.id}`);
    expect(shown.body.maybeAccepted).toBe(possibleDuplicate);
    await api.post(`${QUEUE}/${deadLetter?.id}/retry`);
    const { deliveries } = await api.untilStatus(id, 'delivered');
    const marks = deliveries.map(({ attempts }) => attempts.map((attempt) => attempt.possibleDuplicate));
    expect(marks).toEqual([[false], [possibleDuplicate], [possibleDuplicate]]);
  },
);
