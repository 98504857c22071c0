import { describe, expect, it } from 'vitest';
import type { AlertDto } from '../src/alerts/alerts.dto.js';
import { BacklogWatch } from '../src/alerts/backlog.watch.js';
import { alertsOf } from './alerts.setup.js';
import { startOutbox, type OutboxUnderTest } from './outbox.setup.js';
import { moveClock } from './support/clock.js';
import { eventually } from './support/eventually.js';
import { partOf } from './support/part-of.js';
import { startTestService } from './support/service.js';

const TO = '+15551230001';
const LATE = { BACKLOG_ALERT_SECONDS: '60', LEASE_MS: '30000' };
/** Longer than anything of these tests takes. */
const LONG_SECONDS = 90;
const HOUR_MS = 3_600_000;

/** The alerts about a backlog, newest first, once they are as they should be. */
function backlogs(
  { api }: Pick<OutboxUnderTest, 'api'>,
  until: (seen: readonly AlertDto[]) => boolean,
): Promise<AlertDto[]> {
  return eventually(async () => (await alertsOf(api)).filter(({ kind }) => kind === 'backlog'), until, 15_000);
}

describe('a backlog', () => {
  it('is looked for at once when the clock of the database is set back', async () => {
    const { database, databaseUrl } = await startTestService({ ROLE: 'api', ...LATE });
    const aheadSeconds = async () => {
      const { rows } = await database.query<{ seconds: number }>(
        'SELECT extract(epoch FROM looked_at - now())::float8 AS seconds FROM alert_watch',
      );
      return rows[0]?.seconds;
    };
    await moveClock(databaseUrl, HOUR_MS);
    await expect.poll(aheadSeconds).toBeGreaterThan(3000);
    await moveClock(databaseUrl, -HOUR_MS);
    await expect.poll(aheadSeconds).toBeLessThan(1);
  });

  it('is told when due work waits too long, even where no worker runs, and ends when it is gone', async () => {
    const started = await startTestService({ ROLE: 'api', ...LATE });
    await started.api.send({ to: TO, channels: ['sms'], body: 'Hello', category: 'otp' });
    await moveClock(started.databaseUrl, LONG_SECONDS * 1000);
    const [open] = await backlogs(started, (seen) => seen.length > 0);
    expect(open).toMatchObject({ cause: 'backlog:critical', severity: 'critical', count: 1, state: 'open' });
    expect(open?.summary).toMatch(/^Due notifications have waited for more than 60 s: otp for \d+ s \(1 due\)\.$/);
    // What is due is counted anew with each look, not once more.
    for (const _ of [1, 2]) await partOf(started.service, BacklogWatch).look();
    expect(await alertsOf(started.api)).toMatchObject([{ cause: 'backlog:critical', count: 1 }]);
    await started.replica({ ROLE: 'worker' });
    const [over] = await backlogs(started, ([alert]) => alert?.state === 'resolved');
    expect(over?.ending).toBe('Nothing critical that is due waits longer than 60 s any more.');
  });

  it('is also what a process had when it died, from the end of its lease', async () => {
    const test = await startOutbox(LATE);
    await test.lease({ category: 'otp' });
    const due = async () => (await test.outbox.backlog()).filter(({ depth }) => depth > 0);
    expect(await due()).toEqual([]);
    await moveClock(test.databaseUrl, 30_000 + LONG_SECONDS * 1000);
    const [late, ...others] = await due();
    expect(others).toEqual([]);
    expect(late).toMatchObject({ priority: 0, depth: 1 });
    expect(late?.oldestSeconds).toBeGreaterThanOrEqual(LONG_SECONDS - 1);
    expect(late?.oldestSeconds).toBeLessThan(LONG_SECONDS + 30);
    const health = await fetch(`${test.url}/health`);
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({ error: { dispatcher: { status: 'down', due: 1 } } });
    expect(await (await fetch(`${test.url}/metrics`)).text()).toMatch(/^postrider_queue_depth\{category="otp"\} 1$/m);
    const [alert] = await backlogs(test, (seen) => seen.length > 0);
    expect(alert).toMatchObject({ cause: 'backlog:critical', count: 1, state: 'open' });
  });

  it('is nothing that was accepted and only waits for its receipt, however long', async () => {
    const test = await startOutbox(LATE);
    await test.accept(await test.lease({ channels: ['sms', 'voice'], fallbackAfterSeconds: 60 }));
    await moveClock(test.databaseUrl, LONG_SECONDS * 1000);
    expect((await test.outbox.backlog()).map(({ depth }) => depth)).toEqual([0, 0, 0, 0]);
  });

  it('that is critical has an alert of its own: it ends, and the next one is told, while marketing is late', async () => {
    const test = await startOutbox(LATE);
    const states = (seen: readonly AlertDto[]) =>
      seen.map(({ cause, severity, state }) => `${cause} ${severity} ${state}`).toSorted();
    const MARKETING = 'backlog:warning warning open';
    await test.enqueue({ category: 'marketing' });
    await test.enqueue({ category: 'otp' });
    await moveClock(test.databaseUrl, LONG_SECONDS * 1000);
    expect(states(await backlogs(test, (seen) => seen.length === 2))).toEqual([
      'backlog:critical critical open',
      MARKETING,
    ]);

    await test.accept(await test.claim());
    const recovered = await backlogs(test, (seen) => seen.some(({ state }) => state === 'resolved'));
    expect(states(recovered)).toEqual(['backlog:critical critical resolved', MARKETING]);

    await test.enqueue({ category: 'otp' });
    await moveClock(test.databaseUrl, LONG_SECONDS * 1000);
    expect(states(await backlogs(test, (seen) => seen.length === 3))).toEqual([
      'backlog:critical critical open',
      'backlog:critical critical resolved',
      MARKETING,
    ]);
  });
});
