import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Database } from '../src/database/database.js';
import { DatabaseClock } from '../src/database/database.clock.js';
import { Caretaker } from '../src/dispatch/caretaker.service.js';
import { leaseTime } from '../src/dispatch/lease.time.js';
import { holdClaimedAhead, startPatientProvider } from './dispatch.setup.js';
import { startOutbox } from './outbox.setup.js';
import { moveClock } from './support/clock.js';
import { keepLines } from './support/log.lines.js';
import { startTestService } from './support/service.js';
import { partOf } from './support/part-of.js';

describe('what a lease leaves time for', () => {
  it.each([
    { leaseMs: 30_000, timeoutMs: 10_000, beginWithinMs: 19_000, lookUpWithinMs: 29_000, mayWait: true },
    { leaseMs: 21_999, timeoutMs: 10_000, beginWithinMs: 10_999, lookUpWithinMs: 20_999, mayWait: false },
    { leaseMs: 12_000, timeoutMs: 10_000, beginWithinMs: 1000, lookUpWithinMs: 11_000, mayWait: false },
    { leaseMs: 11_999, timeoutMs: 10_000, beginWithinMs: 11_999, lookUpWithinMs: 10_999, mayWait: false },
  ])('of $leaseMs ms with a deadline of $timeoutMs ms', ({ leaseMs, timeoutMs, ...expected }) => {
    expect(leaseTime(leaseMs, timeoutMs)).toEqual({ ...expected, shortestMs: 12_000 });
  });
});

describe('a lease hardly longer than a request', () => {
  async function warningsAtStart(leaseMs: string): Promise<string[]> {
    const { destination, lines } = keepLines();
    const started = await startTestService({ ROLE: 'api' });
    await started.replica(
      { ROLE: 'worker', TWILIO_TIMEOUT_MS: '10000', LEASE_MS: leaseMs },
      pino({ level: 'warn' }, destination),
    );
    return lines.filter((line) => line.includes('TWILIO_TIMEOUT_MS'));
  }

  it('is warned of once, with what to set', async () => {
    const [warning, ...more] = await warningsAtStart('10500');
    expect(JSON.parse(warning ?? '{}')).toMatchObject({
      LEASE_MS: 10_500,
      TWILIO_TIMEOUT_MS: 10_000,
      msg: expect.stringContaining('set LEASE_MS to 12000 or more'),
    });
    expect(more).toEqual([]);
  });

  it('is not warned of where it is long enough', async () => {
    expect(await warningsAtStart('12000')).toEqual([]);
  });
});

describe('a lease that has run out', () => {
  it('is taken back also while all connections for general use are busy', async () => {
    const test = await startOutbox({ DATABASE_POOL_MAX: '2' });
    const { attemptId } = await test.lease();
    await moveClock(test.databaseUrl, 60_000);
    const { promise: free, resolve: letGo } = Promise.withResolvers<void>();
    onTestFinished(() => letGo());
    let busy = 0;
    const pools = test.service.app.get(Database);
    for (let connection = 0; connection < 2; connection += 1) {
      void pools.transaction(() => {
        busy += 1;
        return free;
      });
    }
    await expect.poll(() => busy).toBe(2);
    await partOf(test.service, Caretaker).round();
    expect(await test.rows('SELECT attempt_id, stage, lease_token FROM outbox')).toEqual([
      { attempt_id: attemptId, stage: 'reconcile', lease_token: null },
    ]);
  });
});

describe('what expires while it waits for a slot', () => {
  it('is not sent when its turn comes, and leaves the slot to what does not expire', async () => {
    const provider = await startPatientProvider();
    const env = {
      DISPATCH_CONCURRENCY: '8',
      TWILIO_BASE_URL: provider.url,
      TWILIO_TIMEOUT_MS: '120000',
      LEASE_MS: '600000',
    };
    const first = await startTestService({ ...env, ROLE: 'api' });
    const { database } = first;
    const expiresAt = new Date(Date.now() + 100_000).toISOString();
    const notifications = Array.from({ length: 400 }, (_, n) => ({
      to: '+15551230001',
      channels: ['sms'],
      body: `Hello ${n}`,
      expiresAt,
    }));
    await first.api.post('/v1/notifications/batch', { notifications });
    const worker = await first.replica({ ROLE: 'worker' });
    const leased = async () => (await database.query('SELECT 1 FROM outbox WHERE lease_token IS NOT NULL')).rows.length;
    await holdClaimedAhead(provider, 8, leased);
    const sent = provider.seen;
    await first.api.send({ to: '+15551230001', channels: ['sms'], body: 'Whenever' });
    await moveClock(first.databaseUrl, 200_000);
    await expect.poll(() => worker.app.get(DatabaseClock).now().getTime()).toBeGreaterThan(Date.now() + 150_000);
    provider.release();
    await expect.poll(async () => (await database.query('SELECT 1 FROM outbox')).rows.length).toBe(0);
    const { rows } = await database.query('SELECT status, count(*)::int AS n FROM notifications GROUP BY 1 ORDER BY 1');
    expect(rows).toEqual([
      { status: 'expired', n: 400 - sent },
      { status: 'sent', n: sent + 1 },
    ]);
    expect(provider.seen).toBe(sent + 1);
  });
});
