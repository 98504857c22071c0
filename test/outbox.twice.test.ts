import { expect, it } from 'vitest';
import { DEAD_LETTER, startOutbox, type OutboxUnderTest } from './outbox.setup.js';
import { moveClock } from './support/clock.js';

/** One notification, leased a second time after the first lease ran out: both results come at the same time. */
async function leasedTwice({ lease, outbox, claim, databaseUrl, rows }: OutboxUnderTest) {
  const first = await lease();
  await moveClock(databaseUrl, 60_000);
  await outbox.rescue();
  const again = await claim();
  expect(again).toMatchObject({ notificationId: first.notificationId, stage: 'reconcile' });
  const second = await outbox.beginResend(again, 'It was not there');
  if (!second) throw new Error('The lease has moved on');
  expect(await rows('SELECT lease_token FROM outbox')).toEqual([{ lease_token: second.leaseToken }]);
  return { first, second };
}

it('two failed results of one notification at once fail nobody else, and only the one with the lease counts', async () => {
  const test = await startOutbox();
  const { first, second } = await leasedTwice(test);
  const [one, other] = [await test.lease(), await test.lease()];
  const outcomes = await Promise.all([one, first, second, other].map((work) => test.fail(work, { step: DEAD_LETTER })));
  expect(outcomes).toEqual(['settled', 'stale', 'settled', 'settled']);
  expect(await test.standing(second.notificationId)).toMatchObject({ status: 'failed', stage: null, deadLetters: 1 });
});

it.each(['before', 'after'])(
  'two accepted results of one notification at once count alike, the old one %s',
  async (which) => {
    const test = await startOutbox();
    const { first, second } = await leasedTwice(test);
    const other = await test.lease();
    const both = which === 'before' ? [first, second] : [second, first];
    const outcomes = await Promise.all([other, ...both].map((work) => test.accept(work)));
    expect(outcomes).toEqual(['settled', ...(which === 'before' ? ['late', 'settled'] : ['settled', 'late'])]);
    expect(await test.standing(second.notificationId)).toMatchObject({ status: 'sent', stage: null });
  },
);

it('the late answer and the finding of one attempt at once fail nobody else', async () => {
  const test = await startOutbox();
  const first = await test.lease();
  await moveClock(test.databaseUrl, 60_000);
  await test.outbox.rescue();
  const again = await test.claim();
  expect(again.attemptId).toBe(first.attemptId);
  const other = await test.lease();
  expect(await Promise.all([other, first, again].map((work) => test.accept(work)))).toEqual([
    'settled',
    'late',
    'settled',
  ]);
  expect(await test.standing(first.notificationId)).toMatchObject({ status: 'sent', stage: null });
});
