import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { startOutbox, type OutboxUnderTest } from './outbox.setup.js';
import { moveClock } from './support/clock.js';
import { startTransaction } from './support/transactions.js';

const HOLDER = randomUUID();

const idsOf = (rows: readonly { readonly notificationId: string }[]) =>
  rows.map(({ notificationId }) => notificationId);

const waits = (test: OutboxUnderTest) => test.enqueue();
const leased = async (test: OutboxUnderTest) => (await test.lease()).notificationId;
const held = async (test: OutboxUnderTest) => {
  const work = await test.lease();
  const step = { kind: 'hold', reason: 'the circuit is open' } as const;
  await test.fail(work, { step, attempt: null, failure: null, heldBy: HOLDER });
  return work.notificationId;
};
const watched = async (test: OutboxUnderTest) => {
  const work = await test.lease({ channels: ['sms', 'voice'], fallbackAfterSeconds: 60 });
  await test.accept(work);
  return work.notificationId;
};

it.each<[string, (test: OutboxUnderTest) => Promise<string>, (test: OutboxUnderTest) => Promise<readonly unknown[]>]>([
  ['a claim', waits, async ({ outbox }) => idsOf(await outbox.claim(1))],
  ['a pace that gives turns', held, async ({ outbox }) => idsOf(await outbox.release(HOLDER, 1))],
  [
    'a ramp',
    held,
    async ({ outbox, rows }) => {
      await outbox.topUpReleased(HOLDER, 1);
      return (await rows('SELECT notification_id AS id FROM outbox WHERE held_by IS NULL')).map(({ id }) => id);
    },
  ],
  [
    'a circuit that lets out a probe',
    held,
    async ({ outbox }) => [(await outbox.releaseProbe(HOLDER))?.notificationId],
  ],
  [
    'who takes back leases that have run out',
    leased,
    async ({ outbox, rows }) => {
      await outbox.rescue(1);
      return (await rows(`SELECT notification_id AS id FROM outbox WHERE stage = 'reconcile'`)).map(({ id }) => id);
    },
  ],
  ['who looks after overdue deliveries', watched, async ({ outbox }) => idsOf(await outbox.takeOverdue(1))],
])('%s takes the first that nobody else is at, and waits for nobody', async (_, prepared, take) => {
  const test = await startOutbox();
  const [first, second] = [await prepared(test), await prepared(test)];
  await prepared(test);
  await moveClock(test.databaseUrl, 120_000);
  const other = await startTransaction(test.databaseUrl);
  await other.query('SELECT 1 FROM outbox WHERE notification_id = $1 FOR UPDATE', [first]);
  expect(await take(test)).toEqual([second]);
});
