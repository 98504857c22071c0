import { randomUUID } from 'node:crypto';
import { beforeEach, expect, it } from 'vitest';
import type { Client } from 'pg';
import { NotificationIntake } from '../src/outbox/notification.intake.js';
import type { NewNotification } from '../src/outbox/work.js';
import { startOutbox } from './outbox.setup.js';
import { newNotifications } from './support/new-notifications.js';
import { startTransaction, untilSomebodyWaits } from './support/transactions.js';

let test: Awaited<ReturnType<typeof startOutbox>>;
let holder: Client;
let locker: Client;
let original: NewNotification;
let repetition: NewNotification;
let another: NewNotification;

beforeEach(async () => {
  test = await startOutbox();
  holder = await startTransaction(test.databaseUrl);
  locker = await startTransaction(test.databaseUrl);
  [original, repetition, another] = newNotifications(3) as [NewNotification, NewNotification, NewNotification];
  repetition = { ...repetition, idempotencyKey: original.idempotencyKey };
  await test.intake.enqueue(original);
});

/** Stores both in one group, and lets the question what the taken key stands for wait until the lock goes. */
async function storeTogether() {
  // The group waits whether the key gets free, so that the lock is next in line when it is on disk.
  await holder.query('DELETE FROM notifications WHERE id = $1', [original.id]);
  const answers = [test.intake.enqueue(repetition), test.intake.enqueue(another)] as const;
  await untilSomebodyWaits(test.databaseUrl);
  const locked = locker.query('LOCK TABLE notifications IN ACCESS EXCLUSIVE MODE');
  await untilSomebodyWaits(test.databaseUrl, 2);
  await holder.query('ROLLBACK');
  await locked;
  return answers;
}

it('answers what it stored, whatever becomes of the question about a taken key beside it', async () => {
  const [repeated, stored] = await storeTogether();
  expect(await stored).toMatchObject({ kind: 'accepted', notification: { id: another.id } });
  await locker.query('ROLLBACK');
  expect(await repeated).toEqual({ kind: 'conflict', id: original.id });
});

it('stores a notification whose key was taken by one that retention deletes just then', async () => {
  const [repeated] = await storeTogether();
  await locker.query('DELETE FROM notifications WHERE id = $1', [original.id]);
  await locker.query('COMMIT');
  expect(await repeated).toMatchObject({ kind: 'accepted', notification: { id: repetition.id } });
});

it('answers each client with its own request, where two use the same key at the same moment', async () => {
  const theirs = { ...another, clientId: randomUUID(), idempotencyKey: original.idempotencyKey };
  await test.intake.enqueue(theirs);
  const again = [original, theirs].map((each) => test.intake.enqueue({ ...each, id: randomUUID() }));
  expect(await Promise.all(again)).toMatchObject(
    [original, theirs].map(({ id }) => ({ kind: 'replayed', notification: { id } })),
  );
});

it('stores the keys of a group in one order, so that no two groups wait for each other', async () => {
  const withKeys = (...keys: readonly string[]) =>
    newNotifications(keys.length).map((each, index) => ({ ...each, idempotencyKey: keys[index] ?? null }));
  const replica = (await test.replica()).app.get(NotificationIntake);
  const [middle] = withKeys('b') as [NewNotification];
  await test.intake.enqueue(middle);
  // Whoever comes to the middle one waits until the end of this.
  await holder.query('DELETE FROM notifications WHERE id = $1', [middle.id]);
  const here = Promise.all(withKeys('a', 'b', 'c').map((each) => test.intake.enqueue(each)));
  await untilSomebodyWaits(test.databaseUrl);
  const there = Promise.all(withKeys('c', 'b', 'a').map((each) => replica.enqueue(each)));
  await untilSomebodyWaits(test.databaseUrl, 2);
  await holder.query('ROLLBACK');
  const kinds = (await Promise.all([here, there])).map((answers) => answers.map(({ kind }) => kind));
  expect(kinds).toEqual([
    ['accepted', 'conflict', 'accepted'],
    ['conflict', 'conflict', 'conflict'],
  ]);
  const { rows } = await test.database.query(
    `SELECT idempotency_key AS key FROM notifications WHERE length(idempotency_key) = 1 ORDER BY key`,
  );
  expect(rows).toEqual([{ key: 'a' }, { key: 'b' }, { key: 'c' }]);
});
