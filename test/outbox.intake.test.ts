import { beforeEach, expect, it } from 'vitest';
import type { Client } from 'pg';
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
