import { expect, it } from 'vitest';
import type { Work } from '../src/outbox/work.js';
import { startLate, type LateUnderTest } from './outbox.late.setup.js';
import { DEAD_LETTER, failure, RECONCILE, RETRY, sidOf } from './outbox.setup.js';
import { moveClock } from './support/clock.js';

const LATER = 86_400_000;
const LATE_RETRY = { ...RETRY, waitMs: LATER };
const IN_DOUBT = { step: { ...RECONCILE, waitMs: LATER }, failure: failure('unknown') };
const WATCHED = {
  channels: ['whatsapp', 'sms'] as const,
  sender: '+14155238886',
  category: 'marketing' as const,
  fallbackAfterSeconds: 3600,
  expiresAt: new Date(Date.now() + LATER),
};

/**
 * All that decides when the next channel takes over, and what that goes by until it is sent; and that the watched
 * delivery has not ended.
 */
const watch = async ({ rows }: LateUnderTest, { notificationId }: Work) =>
  rows(
    `SELECT delivery_number, channel, sender, stage, priority, expires_at, attempt_id, attempt_started_at, held_by,
       released_by, probe, lease_token, leased_until, due_at > service_now() + interval '55 minutes' AS patient,
       (SELECT ended_at FROM deliveries WHERE id = delivery_id)
     FROM outbox WHERE notification_id = $1`,
    [notificationId],
  );

/** What became of an attempt before its callback came. */
const BEFORE: readonly [string, (test: LateUnderTest, work: Work) => unknown][] = [
  ['it is in flight', () => null],
  ['it is in doubt', (test, work) => test.fail(work, IN_DOUBT)],
  [
    'it is in doubt, and a circuit holds the question',
    async (test, work) => {
      await test.fail(work, IN_DOUBT);
      await test.rows(`UPDATE outbox SET held_by = new_uuid_v7() WHERE stage = 'reconcile'`);
    },
  ],
  ['it was given up', (test, work) => test.fail(work, { ...IN_DOUBT, step: DEAD_LETTER })],
  [
    'it was sent again, and refused for now',
    async (test, work) => {
      const second = await test.outbox.beginResend(await test.takenOver(work), 'It was not there.');
      if (!second) throw new Error('The lease has moved on');
      await test.fail(second, { step: LATE_RETRY });
    },
  ],
];

it('a callback that proves an acceptance is followed by the same watch as an answer, until one reports it delivered', async () => {
  const test = await startLate();
  const answered = await test.lease(WATCHED);
  await test.accept(answered);
  const afterAnswer = await watch(test, answered);
  expect(afterAnswer).toMatchObject([{ stage: 'await_delivery', channel: 'whatsapp', patient: true }]);
  for (const [name, become] of BEFORE) {
    const work = await test.lease(WATCHED);
    await become(test, work);
    await test.calledBack(work);
    expect(await watch(test, work), name).toEqual(afterAnswer);
    await test.calledBack(work, sidOf(work), 'delivered');
    expect(await watch(test, work), name).toEqual([]);
  }
});

it('an attempt whose answer never comes has begun when it left, not when its callback came', async () => {
  const test = await startLate();
  const work = await test.lease();
  await moveClock(test.databaseUrl, 5000);
  await test.calledBack(work);
  expect(await test.rows('SELECT number, started_at FROM attempts')).toEqual([
    { number: 1, started_at: work.attemptStartedAt },
  ]);
});
