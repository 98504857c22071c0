import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { failure, RECONCILE, startOutbox, type OutboxUnderTest } from './outbox.setup.js';
import type { NewNotification, Work } from '../src/outbox/work.js';
import { moveClock } from './support/clock.js';

const MINUTE = 60_000;

/** Work whose attempt may have been accepted: the question is leased. */
async function leaseQuestion(test: OutboxUnderTest, more: Partial<NewNotification> = {}): Promise<Work> {
  const attempted = await test.lease(more);
  await test.fail(attempted, { step: RECONCILE, failure: failure('unknown') });
  return test.claim();
}

describe('the question what became of an attempt', () => {
  it('is still one after a circuit held it: nothing is sent before it is answered', async () => {
    const test = await startOutbox();
    const asking = await leaseQuestion(test);
    const [circuit] = await test.rows('SELECT id FROM circuits LIMIT 1');
    const heldBy = String(circuit?.['id']);
    await test.fail(asking, { step: { kind: 'hold', reason: 'it waits' }, heldBy, attempt: null, failure: null });
    expect(await test.outbox.claim(1)).toEqual([]);
    expect(await test.outbox.release(heldBy, 10)).toHaveLength(1);
    expect(await test.claim()).toMatchObject({ stage: 'reconcile', attemptId: asking.attemptId, attemptNumber: 1 });
  });

  it('is answered also where its expiresAt passes meanwhile: it may have been accepted', async () => {
    const test = await startOutbox();
    const attempted = await test.lease({ expiresAt: new Date(Date.now() + MINUTE) });
    await test.fail(attempted, { step: RECONCILE, failure: failure('unknown') });
    await moveClock(test.databaseUrl, 2 * MINUTE);
    expect(await test.outbox.expire(10)).toEqual([]);
    expect(await test.claim()).toMatchObject({ stage: 'reconcile', attemptId: attempted.attemptId });
  });

  it('is still one after which nothing is sent again where its lease runs out', async () => {
    const test = await startOutbox();
    await test.fail(await test.lease(), { step: { ...RECONCILE, exhausted: true }, failure: failure('unknown') });
    expect(await test.claim()).toMatchObject({ stage: 'reconcile', exhausted: true });
    await moveClock(test.databaseUrl, MINUTE);
    expect(await test.outbox.rescue()).toBe(1);
    expect(await test.claim()).toMatchObject({ stage: 'reconcile', exhausted: true });
  });

  it('has as many ambiguous looks behind it after a circuit held it as before', async () => {
    const test = await startOutbox();
    const asking = await leaseQuestion(test);
    await test.fail(asking, { step: RECONCILE, attempt: null, failure: null, lookups: 1 });
    const heldBy = randomUUID();
    const hold = { kind: 'hold', reason: 'it waits' } as const;
    await test.fail(await test.claim(), { step: hold, heldBy, attempt: null, failure: null });
    await test.outbox.release(heldBy, 1);
    expect(await test.claim()).toMatchObject({ stage: 'reconcile', lookups: 1 });
  });

  it('is asked as often about the attempt after it as about any other', async () => {
    const test = await startOutbox();
    const asking = await leaseQuestion(test);
    await test.fail(asking, { step: RECONCILE, attempt: null, failure: null, lookups: 2 });
    const again = await test.claim();
    expect(again.lookups).toBe(2);
    await test.outbox.beginResend(again, 'It is not there.');
    await moveClock(test.databaseUrl, MINUTE);
    await test.outbox.rescue();
    expect(await test.claim()).toMatchObject({ stage: 'reconcile', attemptNumber: 2, lookups: 0 });
  });

  it('leaves the attempt after it a beginning and a lease of its own', async () => {
    const test = await startOutbox({ LEASE_MS: '30000' });
    const asking = await leaseQuestion(test);
    await moveClock(test.databaseUrl, 20_000);
    const resent = await test.outbox.beginResend(asking, 'It is not there.');
    expect(Number(resent?.attemptStartedAt) - Number(asking.attemptStartedAt)).toBeGreaterThanOrEqual(20_000);
    await moveClock(test.databaseUrl, 20_000);
    expect(await test.outbox.rescue()).toBe(0);
    await moveClock(test.databaseUrl, 20_000);
    expect(await test.outbox.rescue()).toBe(1);
    expect(await test.claim()).toMatchObject({ stage: 'reconcile', attemptId: resent?.attemptId, attemptNumber: 2 });
  });
});

describe('an attempt in flight', () => {
  it('keeps its notification from being canceled', async () => {
    const test = await startOutbox();
    const { notificationId } = await test.lease();
    expect(await test.outbox.cancel(notificationId)).toBe(false);
    const answer = await test.api.post(`/v1/notifications/${notificationId}/cancel`);
    expect(answer.status).toBe(409);
    expect(await test.standing(notificationId)).toMatchObject({
      status: 'queued',
      deliveries: ['queued'],
      stage: 'send',
    });
  });
});
