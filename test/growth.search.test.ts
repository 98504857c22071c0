import { expect, it, vi } from 'vitest';
import { LOCK_EXPIRED } from '../src/outbox/expire.sql.js';
import { Outbox } from '../src/outbox/outbox.js';
import type { Execution } from './growth.executions.js';
import { seedDue, seedHistory } from './growth.seed.js';
import { shareExplainingPostgres } from './growth.setup.js';
import { ADMIN_KEY } from './support/service.js';

const postgres = shareExplainingPostgres();

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const DAY_MS = 86_400_000;

it.each([
  ['until long ago', 'until', 25 * DAY_MS, 'sms'],
  ['of the last day, of which there are none', 'from', DAY_MS, 'voice'],
])('a search %s reads a few pages of a long history', async (_, bound, ago, channel) => {
  const database = await postgres().createDatabase({ autovacuum: false });
  await seedHistory(database.admin, 20_000);
  await database.admin.query('VACUUM ANALYZE');
  const service = await database.serve();
  const moment = new Date(Date.now() - ago);
  const { executions, result } = await service.executions.during(() =>
    service.api.get<{ items: { createdAt: string }[] }>(
      `/v1/notifications?limit=10&channel=${channel}&${bound}=${moment.toISOString()}`,
    ),
  );
  expect(result.body.items).toHaveLength(channel === 'sms' ? 10 : 0);
  for (const { createdAt } of result.body.items) expect(new Date(createdAt) < moment).toBe(true);
  const [search] = executions.filter(({ text }) => text.includes('created_at'));
  expect(search?.seqScans).toEqual([]);
  expect(search?.pages).toBeLessThan(100);
});

it('the dead letters of an incident are looked for among those of its time, however many there were before', async () => {
  const database = await postgres().createDatabase({ autovacuum: false });
  const service = await database.serve();
  await database.admin.query(`
    WITH seed AS MATERIALIZED (
      SELECT now() - interval '30 days' * (1 - n::float8 / 20000) AS at FROM generate_series(1, 20000) AS n
    )
    INSERT INTO dead_letters (id, notification_id, delivery_id, client_id, state, error_class, channel, category, reason, opened_at)
    SELECT uuidv7(at - clock_timestamp()), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'open', 'provider_fault',
      'sms', 'otp', 'seeded', at FROM seed`);
  await database.admin.query(`
    WITH incident AS (
      INSERT INTO incidents (id, started_at, resources, cause) VALUES (uuidv7(), now() - interval '6 hours', '{sms}', 'seeded')
      RETURNING id, started_at
    )
    UPDATE circuits SET state = 'open', cause = 'incident', opened_at = started_at, next_probe_at = now() + interval '1 hour',
      incident_id = incident.id
    FROM incident WHERE scope = 'resource:sms'`);
  await database.admin.query('VACUUM ANALYZE');
  const { rows } = await database.admin.query(`SELECT id FROM circuits WHERE scope = 'resource:sms'`);
  const { executions } = await service.executions.during(() =>
    service.api.post(`/v1/admin/circuits/${rows[0].id}/close`),
  );
  const adopted = await database.admin.query(`
    SELECT count(*)::int AS count, min(opened_at) > now() - interval '6 hours 5 minutes' AS recent
    FROM dead_letters WHERE incident_id IS NOT NULL`);
  expect(adopted.rows).toEqual([
    { count: expect.toSatisfy((count: number) => count >= 160 && count <= 170), recent: true },
  ]);
  const [search] = executions.filter(({ text }) => text.includes('UPDATE dead_letters'));
  expect(search?.seqScans).not.toContain('dead_letters');
  expect(search?.rows).toBeLessThan(1000);
  // Each of those that it adopts moves in every index.
  expect(search?.pages).toBeLessThan(3500);
});

it('what an incident buried a moment ago is previewed and replayed without reading all of it at every step', async () => {
  const database = await postgres().createDatabase({ autovacuum: false });
  await seedHistory(database.admin, 6000);
  const bury = (incidentId: string | null, half: string) =>
    database.admin.query(
      `INSERT INTO dead_letters (id, notification_id, delivery_id, client_id, state, error_class, channel, category,
         incident_id, reason, opened_at)
       SELECT uuidv7(), n.id, d.id, n.client_id, 'open', 'provider_fault', 'sms', n.category, $1, 'seeded', now()
       FROM (SELECT *, ntile(2) OVER (ORDER BY id) AS half FROM notifications) AS n
       JOIN deliveries d ON d.notification_id = n.id WHERE n.half = $2`,
      [incidentId, half],
    );
  await bury(null, '1');
  await database.admin.query('VACUUM ANALYZE');
  const incidentId = '0192c5b2-9a3e-7c41-8a53-6d1f5c1e7a10';
  await bury(incidentId, '2');
  const service = await database.serve({ ROLE: 'all' });
  const ofDeadLetters = (executions: readonly Execution[]) =>
    executions.filter(({ text }) => text.includes('ORDER BY l.id LIMIT')).map(({ pages }) => pages);

  const preview = await service.executions.during(() =>
    service.api.post('/v1/admin/dead-letters/replays', { filter: { incidentId }, dryRun: true }),
  );
  expect(preview.result.body).toEqual({ matched: 3000, excluded: [{ reason: 'not_failed', count: 3000 }] });
  const pages = ofDeadLetters(preview.executions);
  expect(pages).toHaveLength(7);
  expect(Math.max(...pages)).toBeLessThan(500 * 20);

  const replay = await service.executions.during(async () => {
    const { body } = await service.api.post<{ id: string }>('/v1/admin/dead-letters/replays', {
      filter: { incidentId },
    });
    const at = `/v1/admin/dead-letters/replays/${body.id}`;
    await expect.poll(async () => (await service.api.get<{ skipped: number }>(at)).body.skipped).toBeGreaterThan(30);
    await service.api.post(`${at}/cancel`);
  });
  const steps = ofDeadLetters(replay.executions);
  expect(steps.length).toBeGreaterThan(10);
  expect(Math.max(...steps)).toBeLessThan(10);
});

it.each([
  ['was rarely done', 'action=api_key.created', 1],
  ['was done of its kind by nobody', 'action=dead_letter.retried', 0],
  ['was done by somebody who rarely does anything', 'actor=somebody', 0],
  ['is done all the time', 'action=dead_letter.discarded', 50],
])('what %s is found in a long audit log that was analysed with its first rows', async (_, query, count) => {
  const database = await postgres().createDatabase({ autovacuum: false });
  const seed = (rows: number) =>
    database.admin.query(`
      INSERT INTO audit_log (id, actor, action, subject_type, subject_id)
      SELECT uuidv7(), 'seeded', 'dead_letter.discarded', 'dead_letter', gen_random_uuid()::text FROM generate_series(1, ${rows})`);
  const service = await database.serve();
  await database.admin.query('VACUUM ANALYZE');
  await seed(20_000);
  const { executions, result } = await service.executions.during(() =>
    service.api.get<{ items: object[] }>(`/v1/admin/audit?${query}`),
  );
  expect(result.body.items).toHaveLength(count);
  const [search] = executions.filter(({ text }) => text.includes('audit_log'));
  expect(search?.seqScans).toEqual([]);
  expect(search?.pages).toBeLessThan(100);
});

it.each(['scheduled', 'queued', 'sending'])(
  'the few that are %s are found among the work that is left',
  async (status) => {
    const database = await postgres().createDatabase({ autovacuum: false });
    await seedHistory(database.admin, 20_000);
    await database.admin.query('VACUUM ANALYZE');
    await seedDue(database.admin, 5);
    await database.admin.query(`
    UPDATE notifications SET status = 'scheduled' WHERE status = 'queued' AND '${status}' = 'scheduled';
    UPDATE outbox SET due_at = due_at + interval '1 day' WHERE '${status}' = 'scheduled';
    UPDATE outbox SET stage = 'reconcile' WHERE '${status}' = 'sending'`);
    const service = await database.serve();
    const { executions, result } = await service.executions.during(() =>
      service.api.get<{ items: object[] }>(`/v1/notifications?status=${status}`),
    );
    expect(result.body.items).toHaveLength(5);
    const [search] = executions.filter(({ text }) => text.includes('"n"."status"'));
    expect(search?.pages).toBeLessThan(100);
  },
);

it('the dead letters of the last hour are previewed without a look at those before', async () => {
  const database = await postgres().createDatabase({ autovacuum: false });
  await database.admin.query(`
    INSERT INTO dead_letters (id, notification_id, delivery_id, client_id, state, error_class, channel, category, reason, opened_at)
    SELECT uuidv7(at - clock_timestamp()), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'open', 'provider_fault',
      'sms', 'otp', 'seeded', at
    FROM generate_series(1, 20000) AS n, LATERAL (SELECT now() - interval '1 minute' * n AS at) AS time ORDER BY n DESC`);
  await database.admin.query('VACUUM ANALYZE');
  const service = await database.serve();
  const from = new Date(Date.now() - 3_600_000).toISOString();
  for (const filter of [{ from }, { until: new Date(Date.now() - 20_000 * 60_000 + 3_600_000).toISOString() }]) {
    const { executions } = await service.executions.during(() =>
      service.api.post('/v1/admin/dead-letters/replays', { filter, dryRun: true }),
    );
    const search = executions.filter(({ text }) => text.includes('ORDER BY l.id LIMIT'));
    expect(search).toHaveLength(1);
    expect(search[0]?.rows).toBeLessThan(1000);
  }
});

it('an export reads few failures at a time where the provider said much, and many where it said little', async () => {
  const database = await postgres().createDatabase({ autovacuum: false });
  const fail = (count: number, said: number) =>
    database.admin.query(
      `INSERT INTO failures (id, at, attempt_id, notification_id, delivery_id, client_id, recipient, channel, outcome,
         provider_body, error_class, responsible, rule, next_step)
       SELECT uuidv7(), now(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '+15551230001',
         'sms', 'rejected', repeat('x', $2), 'not_found', 'caller', 'test', '{"kind":"none","reason":"test"}'
       FROM generate_series(1, $1::int)`,
      [count, said],
    );
  await fail(24, 1024 * 1024);
  await fail(900, 100);
  const service = await database.serve();
  const address = new URL('/v1/admin/failures', (await service.app.getUrl()).replace('[::1]', '127.0.0.1'));
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, accept: 'text/csv' };
  const { executions, result } = await service.executions.during(async () =>
    (await fetch(address, { headers })).text(),
  );
  expect(result.split('\r\n')).toHaveLength(1 + 924 + 1);
  const pages = executions.filter(({ text }) => text.includes('"exactAt"'));
  expect(pages.length).toBeGreaterThanOrEqual(24 / 5);
  expect(pages.length).toBeLessThan(12);
});

it('what expires is looked for among what is still to be sent, however much waits for a receipt past its expiresAt', async () => {
  const database = await postgres().createDatabase({ autovacuum: false });
  await seedHistory(database.admin, 1);
  await seedDue(database.admin, 3000);
  await database.admin.query(`
    UPDATE outbox SET expires_at = now() - interval '1 hour',
      stage = CASE WHEN notification_id = (SELECT max(notification_id::text)::uuid FROM outbox) THEN 'send' ELSE 'await_delivery' END`);
  await database.admin.query('VACUUM ANALYZE');
  const service = await database.serve();
  const { executions, result } = await service.executions.during(() => service.app.get(Outbox).expire(100));
  expect(result).toHaveLength(1);
  const [search] = executions.filter(({ text }) => text === LOCK_EXPIRED.text.trim());
  expect(search?.pages).toBeLessThan(20);
});
