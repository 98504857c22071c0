import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Work } from '../src/outbox/work.js';
import type { Category } from '../src/policy/vocabulary.js';
import { DEAD_LETTER, failure, RECONCILE, RETRY, startOutbox, type OutboxUnderTest } from './outbox.setup.js';
import { moveClock } from './support/clock.js';
import { Provider, startTestService } from './support/service.js';

const HOLDER = randomUUID();

/** It waits for a circuit. Without an attempt: it was stopped before its request. */
const hold = ({ outbox }: OutboxUnderTest, work: Work, unknown = false) =>
  outbox.settleUnsuccessful({
    work,
    attempt: unknown ? { startedAt: work.attemptStartedAt, durationMs: 10 } : null,
    failure: unknown ? failure('unknown') : null,
    step: { kind: 'hold', reason: 'the circuit is open' },
    heldBy: HOLDER,
  });

describe('a retry', () => {
  it('adds its wait to what the delivery has waited, and a hold adds nothing', async () => {
    const test = await startOutbox();
    const { fail, claim, databaseUrl, outbox } = test;
    const retry = (waitMs: number) => ({ step: { kind: 'retry', at: new Date(), waitMs, reason: 'a retry' } as const });
    await fail(await test.lease(), retry(7000));
    await moveClock(databaseUrl, 7000);
    const second = await claim();
    expect(second).toMatchObject({ attemptNumber: 2, retries: 1, waitedMs: 7000 });

    await hold(test, second);
    await moveClock(databaseUrl, 3_600_000);
    await outbox.release(HOLDER, 1);
    const again = await claim();
    // It made no request, so it takes the number of the one that it will make.
    expect(again).toMatchObject({ attemptNumber: 2, retries: 1, waitedMs: 7000, stage: 'send' });

    const asks = { kind: 'reconcile', at: new Date(), waitMs: 5000, exhausted: false, spendsRetry: true } as const;
    await fail(again, { failure: failure('unknown'), step: { ...asks, reason: 'it may have been accepted' } });
    await moveClock(databaseUrl, 5000);
    const asked = await claim();
    expect(asked).toMatchObject({ attemptNumber: 2, retries: 2, waitedMs: 12_000, stage: 'reconcile' });
    await hold(test, asked);
    await outbox.release(HOLDER, 1);
    expect(await claim()).toMatchObject({ attemptNumber: 2, retries: 2, waitedMs: 12_000, stage: 'reconcile' });
  });

  it('is not spent by a look-up that only waits for another one, nor is its time', async () => {
    const test = await startOutbox();
    await test.fail(await test.lease(), { step: { ...RECONCILE, waitMs: 5000, spendsRetry: false } });
    await moveClock(test.databaseUrl, 5000);
    expect(await test.claim()).toMatchObject({ stage: 'reconcile', retries: 0, waitedMs: 0 });
  });

  it('is not made where the waits would pass RETRY_BUDGET_MS together, though RETRY_MAX allows more', async () => {
    const { api, simulator } = await startTestService({ RETRY_BASE_MS: '40', RETRY_BUDGET_MS: '200' });
    const to = '+15551230001';
    await new Provider(simulator.url).fail(to, { fault: { kind: 'status', status: 429, code: 20429 } });
    const ended = await api.untilStatus(await api.send({ to, channels: ['sms'], body: 'Hello' }), 'failed');
    // 40 and 80 ms; 160 more are too much.
    expect(ended.deliveries[0]?.attempts).toHaveLength(3);
    expect(ended.deadLetter?.reason).toContain('would pass the limit of 0.2 s in total');
  });
});

describe('what followed from a failure', () => {
  const steps = async (test: OutboxUnderTest) =>
    (await test.rows(`SELECT next_step ->> 'kind' AS next FROM failures ORDER BY id`)).map(({ next }) => next);

  it('stays in the history where the next attempt fails for good', async () => {
    const test = await startOutbox();
    await test.fail(await test.lease(), { step: RETRY });
    await test.fail(await test.claim(), { step: DEAD_LETTER });
    expect(await steps(test)).toEqual(['retry', 'dead_letter']);
  });

  it('stays there where a circuit stops the next attempt, which is still to come', async () => {
    const test = await startOutbox();
    await test.fail(await test.lease(), { step: RETRY });
    await hold(test, await test.claim());
    expect(await steps(test)).toEqual(['retry']);
  });
});

describe('work that a circuit stops', () => {
  it.each([
    ['keeps its place', {}, 0],
    ['goes to the back as a probe of that circuit', { probe: true, releasedBy: HOLDER }, 5000],
    ['keeps its place as a probe of another circuit', { probe: true, releasedBy: randomUUID() }, 0],
  ])('%s', async (_, course, laterMs) => {
    const test = await startOutbox();
    const dueAt = async () => (await test.rows('SELECT due_at FROM outbox'))[0]?.['due_at'];
    const work = await test.lease();
    await test.database.query(`UPDATE outbox SET due_at = service_now()`);
    const before = await dueAt();
    await moveClock(test.databaseUrl, 5000);
    await hold(test, { ...work, ...course });
    expect(Number(await dueAt()) - Number(before)).toBeGreaterThanOrEqual(laterMs);
    expect(Number(await dueAt()) - Number(before) === 0).toBe(laterMs === 0);
  });
});

describe('held work that is let out', () => {
  /** Held, in this order of time, each with what it has to wait for. */
  async function held(test: OutboxUnderTest, ...kinds: ('send' | 'late' | 'ask')[]): Promise<string[]> {
    const ids: string[] = [];
    for (const kind of kinds) {
      const expiresAt = kind === 'late' ? new Date(Date.now() + 60_000) : null;
      const work = await test.lease({ expiresAt });
      await hold(test, work, kind === 'ask');
      ids.push(work.notificationId);
    }
    await moveClock(test.databaseUrl, 120_000);
    return ids;
  }

  it('is none that expired meanwhile, so that no step of a ramp is spent on it', async () => {
    const test = await startOutbox();
    const [, first, second] = await held(test, 'late', 'send', 'send');
    expect((await test.outbox.release(HOLDER, 1)).map(({ notificationId }) => notificationId)).toEqual([first]);
    expect((await test.outbox.release(HOLDER, 9)).map(({ notificationId }) => notificationId)).toEqual([second]);
  });

  it('goes before what came after it, as if it had not waited', async () => {
    const test = await startOutbox();
    const [first] = await held(test, 'send');
    const second = await test.enqueue();
    await moveClock(test.databaseUrl, 60_000);
    expect(await test.outbox.release(HOLDER, 1)).toHaveLength(1);
    expect([(await test.claim()).notificationId, (await test.claim()).notificationId]).toEqual([first, second]);
  });

  it('is the most urgent first, and of that what is due the longest', async () => {
    const test = await startOutbox();
    // The order is asked for; it is not just how the index happens to be read.
    await test.rows('DROP INDEX outbox_held');
    const ids: string[] = [];
    for (const [category, age] of [
      ['marketing', 90],
      ['otp', 10],
      ['alert', 60],
      ['otp', 30],
    ] as const) {
      const work = await test.lease({ category });
      await hold(test, work);
      await test.rows(`UPDATE outbox SET due_at = due_at - $2 * interval '1 second' WHERE notification_id = $1`, [
        work.notificationId,
        age,
      ]);
      ids.push(work.notificationId);
    }
    const released: string[] = [];
    for (const _ of ids) released.push(...(await test.outbox.release(HOLDER, 1)).map((row) => row.notificationId));
    expect(released).toEqual([ids[3], ids[1], ids[2], ids[0]]);
  });

  it('makes up for what expired unsent since an earlier step of a ramp let it out', async () => {
    const test = await startOutbox();
    await hold(test, await test.lease({ expiresAt: new Date(Date.now() + 60_000) }));
    await hold(test, await test.lease());
    expect(await test.outbox.topUpReleased(HOLDER, 1)).toEqual({ missing: 1, released: 1 });
    expect(await test.outbox.topUpReleased(HOLDER, 1)).toEqual({ missing: 0, released: 0 });
    await moveClock(test.databaseUrl, 120_000);
    expect(await test.outbox.topUpReleased(HOLDER, 1)).toEqual({ missing: 1, released: 1 });
  });

  it('is none where more waits unsent than a smaller step lets out', async () => {
    const test = await startOutbox();
    await held(test, 'send', 'send', 'send');
    expect(await test.outbox.topUpReleased(HOLDER, 2)).toEqual({ missing: 2, released: 2 });
    expect(await test.outbox.topUpReleased(HOLDER, 1)).toEqual({ missing: 0, released: 0 });
  });

  it('is let out still where it goes back unsent', async () => {
    const test = await startOutbox();
    await held(test, 'send');
    await test.outbox.releaseProbe(HOLDER);
    await test.outbox.giveBack([await test.claim()]);
    expect(await test.claim()).toMatchObject({ stage: 'send', attemptNumber: 1, probe: true, releasedBy: HOLDER });
  });

  it('is let out for one attempt: the question what became of it passes no circuit', async () => {
    const test = await startOutbox();
    await held(test, 'send');
    await test.outbox.releaseProbe(HOLDER);
    await test.claim();
    await moveClock(test.databaseUrl, 60_000);
    await test.outbox.rescue();
    expect(await test.claim()).toMatchObject({ stage: 'reconcile', probe: false, releasedBy: null });
  });

  it('as a probe is the first that has something to send; else what has to be asked for; nothing of what expired', async () => {
    const test = await startOutbox();
    const [question, , send] = await held(test, 'ask', 'late', 'send');
    expect((await test.outbox.releaseProbe(HOLDER))?.notificationId).toBe(send);
    expect(await test.claim()).toMatchObject({ notificationId: send, probe: true, releasedBy: HOLDER });
    expect((await test.outbox.releaseProbe(HOLDER))?.notificationId).toBe(question);
    expect(await test.outbox.releaseProbe(HOLDER)).toBeNull();
  });
});

it('a claim that cannot take everything takes what is due by category and age', async () => {
  const { enqueue, claim, database } = await startOutbox();
  const due = async (category: Category, seconds: number) => {
    const id = await enqueue({ category });
    await database.query(`UPDATE outbox SET due_at = due_at - $2 * interval '1 second' WHERE notification_id = $1`, [
      id,
      seconds,
    ]);
    return id;
  };
  for (const [first, age, second, otherAge] of [
    ['otp', 0, 'marketing', 599],
    ['otp', 0, 'transactional', 59],
    ['alert', 0, 'transactional', 44],
    ['transactional', 61, 'otp', 0],
    ['marketing', 601, 'otp', 0],
  ] as const) {
    const expected = [await due(first, age), await due(second, otherAge)];
    const claimed = [(await claim()).notificationId, (await claim()).notificationId];
    expect(claimed, `${first} of ${age} s before ${second} of ${otherAge} s`).toEqual(expected);
  }
});
