import { describe, expect, it } from 'vitest';
import { LocalQueue } from '../src/dispatch/local.queue.js';
import { WorkPace } from '../src/dispatch/work.pace.js';
import type { Work } from '../src/outbox/work.js';
import { holdClaimedAhead, startPatientProvider } from './dispatch.setup.js';
import { startTestService } from './support/service.js';

describe('the pace of work', () => {
  /** A process that finishes `perSecond` for a second, seen every 20 ms. */
  function aheadAfter(perSecond: number): number {
    const pace = new WorkPace(0);
    let ahead = 0;
    for (let now = 20; now <= 1000; now += 20) {
      for (let done = 0; done < perSecond / 50; done += 1) pace.noteFinished();
      ahead = pace.ahead(now);
    }
    return ahead;
  }

  it('claims ahead what is sent in 50 ms', () => {
    expect(aheadAfter(1000)).toBe(50);
  });

  it('claims nothing ahead of a provider that takes its time', () => {
    expect(aheadAfter(0)).toBe(0);
  });

  it('never claims more than 500 ahead', () => {
    expect(aheadAfter(100_000)).toBe(500);
  });

  it('is the same where it is asked for twice at the same moment', () => {
    const pace = new WorkPace(0);
    for (let done = 0; done < 10; done += 1) pace.noteFinished();
    expect([pace.ahead(20), pace.ahead(20), pace.ahead(30)]).toEqual([17, 17, 11]);
  });

  it('forgets a pace that is over', () => {
    const pace = new WorkPace(0);
    for (let done = 0; done < 1000; done += 1) pace.noteFinished();
    expect(pace.ahead(100)).toBe(500);
    expect(pace.ahead(300)).toBe(0);
  });
});

describe('what waits for a slot', () => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the queue looks at nothing else
  const entry = (turn: number, notificationId = '') => ({ work: { turn, notificationId } as Work, leasedAt: 0 });

  it('comes in its turn, whenever it was claimed', () => {
    const queue = new LocalQueue();
    for (const turn of [30, 10, 40, 20]) queue.push(entry(turn));
    expect(queue.shift()?.work.turn).toBe(10);
    expect(queue.size).toBe(3);
    expect(queue.takeAll().map(({ turn }) => turn)).toEqual([20, 30, 40]);
    expect(queue.size).toBe(0);
    expect(queue.shift()).toBeUndefined();
  });

  it('comes first in, first out where the turn is the same', () => {
    const queue = new LocalQueue();
    for (const [turn, id] of [
      [20, 'a'],
      [10, 'b'],
      [20, 'c'],
      [10, 'd'],
    ] as const) {
      queue.push(entry(turn, id));
    }
    expect(queue.takeAll().map(({ notificationId }) => notificationId)).toEqual(['b', 'd', 'a', 'c']);
  });

  it('goes back to the outbox at once when the process stops, and another sends it as the first attempt', async () => {
    const provider = await startPatientProvider();
    const env = {
      DISPATCH_CONCURRENCY: '8',
      TWILIO_BASE_URL: provider.url,
      TWILIO_TIMEOUT_MS: '60000',
      LEASE_MS: '150000',
    };
    const first = await startTestService({ ...env, ROLE: 'api' });
    const notifications = Array.from({ length: 400 }, (_, n) => ({
      to: '+15551230001',
      channels: ['sms'],
      body: `Hello ${n}`,
    }));
    await first.api.post('/v1/notifications/batch', { notifications });
    const worker = await first.replica({ ROLE: 'worker' });
    const leased = async () =>
      (await first.database.query('SELECT attempts FROM outbox WHERE lease_token IS NOT NULL')).rows.length;
    await holdClaimedAhead(provider, 8, leased);
    const stopping = worker.close();
    // Only what is in flight is still leased, and what is given back has no attempt behind it.
    await expect.poll(leased).toBe(8);
    const { rows } = await first.database.query('SELECT attempts, attempt_id FROM outbox WHERE lease_token IS NULL');
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(row).toEqual({ attempts: 0, attempt_id: null });
    provider.release();
    await stopping;
    await first.replica({ ROLE: 'worker' });
    await expect.poll(async () => (await first.database.query('SELECT 1 FROM outbox')).rows.length).toBe(0);
    const attempts = await first.database.query('SELECT number, outcome FROM attempts');
    expect(attempts.rows).toHaveLength(400);
    for (const attempt of attempts.rows) expect(attempt).toEqual({ number: 1, outcome: 'accepted' });
    expect(provider.seen).toBe(400);
  });
});
