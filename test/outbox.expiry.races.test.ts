import { describe, expect, it } from 'vitest';
import type { StatementRunner } from '../src/database/database.js';
import { END_EXPIRED } from '../src/outbox/expire.sql.js';
import { endExpired } from '../src/outbox/expiry.js';
import { startLate } from './outbox.late.setup.js';
import { RETRY, startOutbox } from './outbox.setup.js';
import { moveClock } from './support/clock.js';
import { startTransaction, untilSomebodyWaits } from './support/transactions.js';

const inAMinute = () => new Date(Date.now() + 60_000);

describe('what expires', () => {
  it('is ended beside what somebody else holds', async () => {
    const test = await startOutbox();
    const held = await test.enqueue({ expiresAt: inAMinute() });
    const free = await test.enqueue({ expiresAt: inAMinute() });
    await moveClock(test.databaseUrl, 120_000);
    const other = await startTransaction(test.databaseUrl);
    await other.query('SELECT 1 FROM outbox WHERE notification_id = $1 FOR UPDATE', [held]);
    expect(await test.outbox.expire(10)).toEqual([{ notificationId: free, movedTo: 'expired', heldBy: null }]);
  });

  it('is ended before a callback of it is applied that comes meanwhile', async () => {
    const test = await startLate();
    const work = await test.lease({ expiresAt: inAMinute() });
    await test.fail(await test.takenOver(work), { step: RETRY, attempt: null });
    await moveClock(test.databaseUrl, 60_000);
    const caretaker = await startTransaction(test.databaseUrl);
    let calledBack: Promise<unknown> | undefined;
    const run: StatementRunner['run'] = async (statement, values = []) => {
      if (statement.name === END_EXPIRED.name) {
        calledBack = test.calledBack(work);
        await untilSomebodyWaits(test.databaseUrl);
      }
      return (await caretaker.query(statement.text, [...values])).rows;
    };
    expect(await endExpired({ run }, 10)).toMatchObject([{ movedTo: 'expired' }]);
    await caretaker.query('COMMIT');
    await calledBack;
    expect(await test.standing(work.notificationId)).toMatchObject({ status: 'expired', stage: null });
    expect(await test.attempts()).toMatchObject([{ outcome: 'accepted' }]);
  });
});

describe('a lease that ran out', () => {
  it('is taken back beside one that somebody else holds', async () => {
    const test = await startOutbox();
    const held = await test.lease();
    const free = await test.lease();
    await moveClock(test.databaseUrl, 60_000);
    const other = await startTransaction(test.databaseUrl);
    await other.query('SELECT 1 FROM outbox WHERE notification_id = $1 FOR UPDATE', [held.notificationId]);
    expect(await test.outbox.rescue()).toBe(1);
    expect(await test.claim()).toMatchObject({ stage: 'reconcile', attemptId: free.attemptId });
  });

  it('is taken back before one that ran out later, if not all can be taken back at once', async () => {
    const test = await startOutbox();
    await test.lease();
    const sooner = await test.lease();
    await test.rows(
      `UPDATE outbox SET leased_until = leased_until - interval '10 seconds' WHERE notification_id = $1`,
      [sooner.notificationId],
    );
    await moveClock(test.databaseUrl, 60_000);
    expect(await test.outbox.rescue(1)).toBe(1);
    expect(await test.claim()).toMatchObject({ stage: 'reconcile', attemptId: sooner.attemptId });
  });
});
