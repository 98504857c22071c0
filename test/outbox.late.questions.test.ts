import { describe, expect, it } from 'vitest';
import type { UnsuccessfulWork, Work } from '../src/outbox/work.js';
import { sentAgain, startLate, type LateUnderTest } from './outbox.late.setup.js';
import { DEAD_LETTER, failure, fallbackTo, RECONCILE, sidOf, withFallbackDue } from './outbox.setup.js';

type Follows = Pick<UnsuccessfulWork, 'step'> & Partial<UnsuccessfulWork>;

/** The question ended, and this is what it came to. */
const endOf = (work: Work, follows: Follows): UnsuccessfulWork => ({
  work,
  attempt: null,
  failure: failure('unknown'),
  decision: { rule: 'reconciliation', sentence: 'It is not there.' },
  ...follows,
});

async function heardOf(test: LateUnderTest, result: UnsuccessfulWork) {
  test.recorder.unsuccessful(result);
  await test.recorder.settled();
  return test.heard;
}

describe('the end of a question whose lease is over is not told of', () => {
  it('where the question goes on: another process may have said the same of it', async () => {
    const test = await startLate();
    const asking = await test.takenOver(await test.lease());
    const again = await test.takenOver(asking);
    expect(await test.outbox.settleUnsuccessful(endOf(again, { step: RECONCILE }))).toBe('settled');
    expect(await heardOf(test, endOf(asking, { step: RECONCILE }))).toEqual([]);
  });

  it('where it was another delivery that ended with the same words', async () => {
    const test = await startLate();
    const whatsapp = await test.takenOver(await test.lease({ channels: ['whatsapp', 'sms'] }));
    expect(await test.outbox.settleUnsuccessful(endOf(whatsapp, fallbackTo('sms')))).toBe('settled');
    const sms = await test.takenOver(await test.claim());
    await test.takenOver(sms);
    expect(await heardOf(test, endOf(sms, { step: DEAD_LETTER }))).toEqual([]);
  });
});

it('a refusal that is known after the question of its attempt was overtaken is not told of as that', async () => {
  const test = await startLate();
  const id = await withFallbackDue(test);
  const work = await test.claim();
  const asking = await test.takenOver(work);
  await test.database.query(`UPDATE notifications SET status = 'delivered' WHERE id = $1`, [id]);
  expect(await test.outbox.settleUnsuccessful(endOf(asking, { step: DEAD_LETTER }))).toBe('overtaken');
  const attempt = { startedAt: work.attemptStartedAt, durationMs: 10 };
  expect(await heardOf(test, { work, attempt, failure: failure(), step: DEAD_LETTER })).toEqual([]);
  expect(await test.failures()).toMatchObject([{ outcome: 'rejected', next: 'none' }]);
});

it('an attempt that was accepted and failed is no channel to come back to for the one after it', async () => {
  const test = await startLate();
  const { first, second } = await sentAgain(test);
  await test.calledBack(first, sidOf(first), 'undelivered', 30_003);
  const optedOut = { kind: 'none', reason: 'The recipient opted out of this sender.' } as const;
  await test.fail(second, { step: optedOut });
  expect(await test.standing(first.notificationId)).toMatchObject({ status: 'failed', stage: null, deadLetters: 0 });
});

it('an attempt that was sent again and lost is on disk as a possible duplicate', async () => {
  const test = await startLate();
  const { second } = await sentAgain(test);
  await test.takenOver(second);
  expect(await test.attempts()).toMatchObject([
    { number: 1, outcome: 'unknown', duplicate: false },
    { number: 2, outcome: 'unknown', duplicate: true },
  ]);
});

it('a lost lease spends a retry, and the question is the last one where none is left for it', async () => {
  const test = await startLate({ RETRY_MAX: '2' });
  let work = await test.lease();
  const spent: [number, boolean][] = [];
  for (let lost = 0; lost < 3; lost += 1) {
    work = await test.takenOver(work);
    spent.push([work.retries, work.exhausted]);
  }
  expect(spent).toEqual([
    [1, false],
    [2, false],
    [3, true],
  ]);
});
