import type { Client } from 'pg';
import { describe, expect, it, vi } from 'vitest';
import type { Execution } from './growth.executions.js';
import { seedHistory } from './growth.seed.js';
import { shareExplainingPostgres, type GrowthDatabase } from './growth.setup.js';
import { CLIENT_ID } from './support/new-notifications.js';

const postgres = shareExplainingPostgres();

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const NOTIFICATIONS = 40_000;
const BURST = 1000;

/** A history that was analysed, and a table of which only the first rows were. */
async function afterFirstRows(first: (admin: Client) => Promise<unknown>): Promise<GrowthDatabase> {
  const database = await postgres().createDatabase({ autovacuum: false });
  await seedHistory(database.admin, NOTIFICATIONS);
  await first(database.admin);
  await database.admin.query('VACUUM ANALYZE');
  return database;
}

/** Into the review queue with the `count` first or last of the history. */
async function bury(admin: Client, which: 'first' | 'last', count: number): Promise<void> {
  await admin.query(
    `INSERT INTO dead_letters (id, notification_id, delivery_id, client_id, state, error_class, channel, category, reason, opened_at)
     SELECT uuidv7(n.created_at - clock_timestamp()), n.id, d.id, n.client_id, 'open', 'provider_fault', 'sms', n.category,
       'seeded', n.created_at
     FROM (SELECT * FROM notifications ORDER BY id ${which === 'first' ? 'ASC' : 'DESC'} LIMIT $1) AS n
     JOIN deliveries d ON d.notification_id = n.id ORDER BY n.id`,
    [count],
  );
}

/** Failures of the attempts of the `count` first or last of the history, in place of those that it has. */
async function fail(admin: Client, which: 'first' | 'last', count: number): Promise<void> {
  await admin.query(
    `INSERT INTO failures (id, at, attempt_id, notification_id, delivery_id, client_id, recipient, channel, outcome,
       error_class, responsible, rule, next_step)
     SELECT uuidv7(a.started_at - clock_timestamp()), a.started_at, a.id, a.notification_id, a.delivery_id, '${CLIENT_ID}',
       '+15550000001', 'sms', 'rejected', 'provider_fault', 'provider', 'code', '{"kind":"retry","reason":"it may help"}'
     FROM (SELECT * FROM attempts ORDER BY id ${which === 'first' ? 'ASC' : 'DESC'} LIMIT $1) AS a ORDER BY a.id`,
    [count],
  );
}

/** Rows that the largest of the statements with these words handled. */
function largestOf(executions: readonly Execution[], part: string): number {
  const of = executions.filter(({ text }) => text.includes(part));
  expect(of, `no statement with ${part}`).not.toEqual([]);
  return Math.max(...of.map(({ rows }) => rows));
}

describe('while nobody has looked since the first rows', () => {
  it('the notifications of a page of dead letters are looked up, and no others are read', async () => {
    const database = await afterFirstRows((admin) => bury(admin, 'first', 3));
    await bury(database.admin, 'last', BURST);
    const service = await database.serve();
    const { executions, result } = await service.executions.during(() =>
      service.api.post('/v1/admin/dead-letters/replays', { filter: {}, dryRun: true }),
    );
    expect(result.body).toMatchObject({ matched: BURST + 3 });
    expect(largestOf(executions, 'ORDER BY l.id LIMIT')).toBeLessThan(500 * 20);
  });

  it('the attempts of a page of failures are looked up, and no others are read', async () => {
    const database = await afterFirstRows(async (admin) => {
      await admin.query('TRUNCATE failures');
      await fail(admin, 'first', 3);
    });
    await fail(database.admin, 'last', BURST);
    const service = await database.serve();
    for (const query of ['', '&errorClass=provider_fault', '&from=2020-01-01T00:00:00Z']) {
      const { executions } = await service.executions.during(() =>
        service.api.get(`/v1/admin/failures?limit=100${query}`),
      );
      expect(largestOf(executions, 'FROM failures AS f')).toBeLessThan(3 * BURST);
    }
  });

  it('new alerts are told to the sinks without a look at all that there were', async () => {
    const database = await postgres().createDatabase({ autovacuum: false });
    await database.admin.query('VACUUM ANALYZE');
    await database.admin.query(`
      INSERT INTO alerts (id, cause, kind, severity, summary, advice, ends, ending, opened_at, last_seen_at, updated_at, resolved_at)
      SELECT uuidv7(), 'seeded:' || n, 'request_errors', 'error', 'seeded', 'none', 'when_quiet',
        CASE WHEN n > 50 THEN 'quiet' END, at, at, at, CASE WHEN n > 50 THEN at END
      FROM generate_series(1, 5000) AS n, LATERAL (SELECT now() - interval '1 hour' - n * interval '1 minute' AS at) AS time`);
    await database.admin.query(`
      INSERT INTO alert_deliveries (alert_id, sink, told, told_version)
      SELECT id, 'log', CASE WHEN resolved_at IS NULL THEN 'opened' ELSE 'resolved' END, 1 FROM alerts`);
    const service = await database.serve({ ROLE: 'all' });
    const enrolments: Execution[] = [];
    const seen = async () => {
      const { executions } = await service.executions.during(() => service.api.get('/v1/admin/alerts?limit=1'));
      enrolments.push(...executions.filter(({ text }) => text.startsWith('INSERT INTO alert_deliveries')));
      return enrolments.length;
    };
    await expect.poll(seen).toBeGreaterThan(0);
    expect(largestOf(enrolments, 'INSERT')).toBeLessThan(50 * 10);
  });
});
