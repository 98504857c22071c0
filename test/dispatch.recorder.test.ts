import { describe, expect, it } from 'vitest';
import { acceptanceOf, DEAD_LETTER, failure, sidOf, startOutbox } from './outbox.setup.js';
import { NO_ROOM, refuse } from './support/bad-row.js';
import { eventually } from './support/eventually.js';
import { failureOfClass } from './support/failure.js';

/** From now on the database takes no attempt, until the test says so: it has no room, unless another reason is given. */
async function withBrokenDatabase(env: Record<string, string> = {}, reason: { sqlState?: string } = NO_ROOM) {
  const test = await startOutbox(env);
  const { times, mend } = await refuse(test.database, { ...reason, table: 'attempts' });
  return {
    ...test,
    refusals: times,
    refusedTimes: (count: number) => eventually(times, (seen) => seen >= count),
    repair: mend,
  };
}

describe('a result that the database does not take at once', () => {
  it('is kept for as long as the database is away, however many leases that takes', async () => {
    const leaseMs = 200;
    const test = await withBrokenDatabase({ LEASE_MS: String(leaseMs), TWILIO_TIMEOUT_MS: '100' });
    const { lease, recorder, refusals, refusedTimes, repair, standing, rows } = test;
    const [accepted, refused] = [await lease(), await lease()];
    const from = performance.now();
    recorder.accepted(acceptanceOf(accepted));
    const attempt = { startedAt: refused.attemptStartedAt, durationMs: 10 };
    recorder.unsuccessful({ work: refused, attempt, failure: failure(), step: DEAD_LETTER });
    await eventually(
      () => performance.now() - from,
      (ms) => ms > 3 * leaseMs,
    );
    await refusedTimes((await refusals()) + 2);
    expect(recorder.pending).toBe(2);
    await repair();
    await recorder.settled();
    expect(await standing(accepted.notificationId)).toMatchObject({ status: 'sent', stage: null });
    expect(await standing(refused.notificationId)).toMatchObject({ status: 'failed', deadLetters: 1 });
    expect(await rows('SELECT outcome, provider_sid AS sid FROM attempts ORDER BY id')).toEqual([
      { outcome: 'accepted', sid: sidOf(accepted) },
      { outcome: 'rejected', sid: null },
    ]);
  });

  it('of a failed attempt is written when it does, with what follows', async () => {
    const { lease, recorder, refusedTimes, repair, standing, heard } = await withBrokenDatabase();
    const work = await lease();
    const attempt = { startedAt: work.attemptStartedAt, durationMs: 10 };
    recorder.unsuccessful({ work, attempt, failure: failure(), step: DEAD_LETTER });
    await refusedTimes(2);
    expect(heard).toEqual([]);
    await repair();
    await recorder.settled();
    expect(await standing(work.notificationId)).toMatchObject({ status: 'failed', deadLetters: 1 });
    expect(heard).toHaveLength(1);
  });

  it('is given up once its lease is over where the database is there, but does not take it: others ask the provider', async () => {
    const { lease, recorder, refusals, heard } = await withBrokenDatabase(
      { TWILIO_TIMEOUT_MS: '500', LEASE_MS: '3000' },
      { sqlState: 'P0001' },
    );
    const work = await lease();
    const attempt = { startedAt: work.attemptStartedAt, durationMs: 10 };
    recorder.unsuccessful({ work, attempt, failure: failure(), step: DEAD_LETTER });
    await recorder.settled();
    // Not at the first refusal: until then it may be taken after all.
    expect(await refusals()).toBeGreaterThan(1);
    expect(recorder.pending).toBe(0);
    expect(heard).toEqual([]);
  });
});

describe('what a failure says of its recipient', () => {
  it('is no reason to lose the failure where it cannot be remembered', async () => {
    const { lease, recorder, database, standing, rows } = await startOutbox();
    await refuse(database, { ...NO_ROOM, table: 'suppressions' });
    const work = await lease();
    const attempt = { startedAt: work.attemptStartedAt, durationMs: 10 };
    const optedOut = failureOfClass(
      'opted_out',
      { httpStatus: 400, providerCode: 21610 },
      { rule: 'Twilio code 21610' },
    );
    recorder.unsuccessful({ work, attempt, failure: optedOut, step: { kind: 'none', reason: 'they opted out' } });
    await recorder.settled();
    expect(await standing(work.notificationId)).toMatchObject({ status: 'failed', deadLetters: 0 });
    expect(await rows('SELECT 1 FROM suppressions')).toEqual([]);
  });
});
