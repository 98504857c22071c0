import { pino } from 'pino';
import { expect, it } from 'vitest';
import { Database } from '../src/database/database.js';
import { paceId } from '../src/incidents/circuit.scope.js';
import { GIVE_SENDS_BACK, OWE_SEND, TAKE_SENDS } from '../src/incidents/pace.sql.js';
import { moveClock } from './support/clock.js';
import { eventually } from './support/eventually.js';
import { keepLines } from './support/log.lines.js';
import { handsOn } from './support/operator.js';
import { partOf } from './support/part-of.js';
import { ADMIN_KEY, ApiClient, creations, startTestService } from './support/service.js';

const RATE = 8;
const PACED = { SENDER_RATES: `+15005550006=${RATE}` };
const HOUR = 3_600_000;
/** What may be saved up: half a second's sends. */
const SAVED = RATE / 2;
const to = (number: number) => `+1555123${String(number).padStart(4, '0')}`;

it('never sends faster than the pace of the sender over two replicas, and no slower for long', async () => {
  const test = await startTestService(PACED);
  const replica = new ApiClient((await test.replica()).url, ADMIN_KEY);
  const count = 30;
  const ids = await Promise.all(
    Array.from({ length: count }, (_, number) =>
      (number % 2 === 0 ? test.api : replica).send({ to: to(number), channels: ['sms'], body: 'Hello' }),
    ),
  );
  for (const id of ids) await test.api.untilStatus(id, 'sent', 'delivered');
  const times = (await creations(test.simulator.url)).map(({ at }) => at).toSorted((a, b) => a - b);
  expect(times).toHaveLength(count);
  const fromFirst = (n: number) => ((times[n] ?? 0) - (times[0] ?? 0)) / 1000;
  // From the first send on: what time has given, and one second's sends.
  for (let n = 0; n < count; n += 1) expect(n + 1).toBeLessThanOrEqual(RATE * fromFirst(n) + RATE);
  expect(fromFirst(count - 1)).toBeLessThan(count / RATE + 10);
});

it('goes on at its rate when the clock of the database is set back', async () => {
  const test = await startTestService(PACED);
  const send = (number: number) => test.api.send({ to: to(number), channels: ['sms'], body: 'Hello' });
  await moveClock(test.databaseUrl, HOUR);
  await test.api.untilStatus(await send(0), 'sent', 'delivered');
  await moveClock(test.databaseUrl, -HOUR);
  const ids = await Promise.all(Array.from({ length: 2 * RATE }, (_, number) => send(1 + number)));
  for (const id of ids) await test.api.until(id, ({ status }) => status === 'sent' || status === 'delivered', 30_000);
  expect(await creations(test.simulator.url)).toHaveLength(1 + ids.length);
});

it('says in the log who waits for its turn, without the whole number', async () => {
  const { destination, lines } = keepLines();
  const test = await startTestService({ ...PACED, ROLE: 'api' });
  await test.replica({ ROLE: 'worker' }, pino({ level: 'info' }, destination));
  const ids = await Promise.all([1, 2, 3].map((n) => test.api.send({ to: to(n), channels: ['sms'], body: 'Hello' })));
  for (const id of ids) await test.api.untilStatus(id, 'sent', 'delivered');
  expect(lines.join('')).toContain(
    'The pace of sender:+150•••0006 is limited (SENDER_RATES lets it send 8 per second): it waits for its turn, which costs no retry.',
  );
  expect(lines.join('')).not.toContain('The circuit of');
  expect(lines.join('')).not.toMatch(/\+\d{6}/);
});

it('makes up for no turn that passed while every slot was busy', async () => {
  const rate = 10;
  const test = await startTestService({ SENDER_RATES: `+15005550006=${rate}`, DISPATCH_CONCURRENCY: '4' });
  const { provider } = handsOn(test);
  const notifications = Array.from({ length: 100 }, (_, n) => ({ to: to(n), channels: ['sms'], body: 'Hello' }));
  await test.api.post('/v1/notifications/batch', { notifications });
  const sms = async () => (await creations(test.simulator.url)).filter(({ to: who }) => !who.startsWith('whatsapp'));
  await eventually(sms, ({ length }) => length >= 10);
  await provider.fail('*', { match: { channel: 'whatsapp' }, fault: { kind: 'slow', ms: 5000 } });
  const busy = { channels: ['whatsapp'], body: 'Hello', category: 'otp' };
  await test.api.post('/v1/notifications/batch', {
    notifications: Array.from({ length: 4 }, (_, n) => ({ to: to(500 + n), ...busy })),
  });
  const times = (await eventually(sms, ({ length }) => length >= 60))
    .map(({ at }) => at)
    .toSorted((one, other) => one - other);
  const withinASecond = times.map((from) => times.filter((at) => at >= from && at < from + 1000).length);
  // The rate, and what may be saved up on either side of a claim.
  expect(Math.max(...withinASecond)).toBeLessThanOrEqual(2 * rate);
  expect(Math.max(...times.slice(1).map((at, index) => at - (times[index] ?? 0)))).toBeGreaterThan(2000);
});

it('gives turns in priority order, and holds nothing of other senders', async () => {
  const test = await startTestService({ SENDER_RATES: '+15005550006=4' });
  const { operator } = handsOn(test);
  const one = (number: number, category: string, channel = 'sms') => ({
    to: to(number),
    channels: [channel],
    body: 'Hello',
    category,
  });
  const marketing = Array.from({ length: 14 }, (_, number) => one(number, 'marketing'));
  const others = [one(100, 'otp'), one(101, 'marketing', 'whatsapp')];
  await test.api.post('/v1/notifications/batch', { notifications: [...marketing, ...others] });
  const order = await eventually(
    async () => (await creations(test.simulator.url)).toSorted((a, b) => a.at - b.at).map((seen) => seen.to),
    ({ length }) => length === 16,
  );
  expect((await operator.circuit('sender:+15005550006')).state).toBe('closed');
  // What was saved up went out before it was known who waits.
  for (const first of [to(100), `whatsapp:${to(101)}`]) expect(order.indexOf(first)).toBeLessThan(14 - 2);
});

it.each([
  ['with the messages of their number', '+15005550006=0.01', ['sms'], ['sms', 'voice']],
  ['apart, where they are named', '+15005550006=0.01,voice:+15005550006=0.01', ['sms', 'voice'], ['sms', 'voice']],
  ['alone, where only they are named', 'voice:+15005550006=0.01', ['voice', 'sms', 'sms'], ['voice']],
])('paces calls %s', async (_, rates, free, waiting) => {
  const test = await startTestService({ SENDER_RATES: rates });
  const send = (channel: string, number: number) =>
    test.api.send({ to: to(number), channels: [channel], body: 'Hello' });
  for (const [number, channel] of free.entries()) {
    await test.api.untilStatus(await send(channel, number), 'sent', 'delivered');
  }
  for (const [number, channel] of waiting.entries()) await send(channel, 100 + number);
  const held = await eventually(
    async () =>
      (await test.database.query<{ channel: string }>('SELECT channel FROM outbox WHERE held_by IS NOT NULL')).rows,
    (rows) => rows.length === waiting.length,
  );
  expect(held.map(({ channel }) => channel).toSorted()).toEqual(waiting.toSorted());
});

it('keeps the turns that nobody waited for', async () => {
  const test = await startTestService(PACED);
  await test.api.untilStatus(await test.api.send({ to: to(1), channels: ['sms'], body: 'Hi' }), 'sent', 'delivered');
  const tokens = async () => (await test.database.query('SELECT tokens FROM sender_paces')).rows;
  await expect.poll(tokens).toEqual([{ tokens: SAVED - 1 }]);
});

it('saves up no more for turns that are given back: a probe takes its own off that', async () => {
  const { service } = await startTestService({ ...PACED, ROLE: 'worker' });
  const database = partOf(service, Database);
  const holdId = paceId('+15005550006');
  await database.run(GIVE_SENDS_BACK, [holdId, SAVED]);
  await database.run(OWE_SEND, [holdId]);
  // As if no time had passed, so that none of it is refilled.
  await database.run({ name: 'at-once', text: `UPDATE sender_paces SET refilled_at = service_now() + interval '1 h'` });
  expect(await database.run(TAKE_SENDS, [holdId, 100])).toEqual([{ taken: SAVED - 1 }]);
});

it.each([
  ['that has none any more', ''],
  ['that has a faster one now', '+15005550006=50'],
])('lets out what waits for the pace of a sender %s', async (_, rates) => {
  const test = await startTestService({ SENDER_RATES: '+15005550006=0.01' });
  const ids = await Promise.all(
    [1, 2, 3].map((number) => test.api.send({ to: to(number), channels: ['sms'], body: 'Hi' })),
  );
  await eventually(
    async () => (await test.database.query('SELECT held_by FROM outbox WHERE held_by IS NOT NULL')).rowCount,
    (held) => held === 2,
  );
  await test.service.close();
  const api = new ApiClient((await test.replica({ SENDER_RATES: rates })).url, ADMIN_KEY);
  for (const id of ids) await api.until(id, ({ status }) => status === 'sent' || status === 'delivered', 20_000);
  expect(await creations(test.simulator.url)).toHaveLength(3);
});
