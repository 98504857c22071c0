import { expect, it, vi } from 'vitest';
import { RetentionChunks } from '../src/retention/retention.chunks.js';
import { FORGET_UNAVAILABLE } from '../src/retention/retention.sql.js';
import { shareExplainingPostgres } from './growth.setup.js';

const postgres = shareExplainingPostgres();

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const NOBODY = '0192c5b2-9a3e-7c41-8a53-6d1f5c1e7a10';

/** Many of each; subjects and senders each of a kind of its own, so that no version of PostgreSQL can skip from kind to kind. */
const ROWS = {
  audit_log: `
    INSERT INTO audit_log (id, actor, action, subject_type, subject_id)
    SELECT uuidv7(), 'seeded', 'dead_letter.discarded', 'kind ' || n, gen_random_uuid()::text FROM generate_series(1, 20000) AS n`,
  suppressions: `
    INSERT INTO suppressions (id, sender, recipient, reason, created_at)
    SELECT uuidv7(), '+1500' || (5000000 + n), '+1555' || (1000000 + n), 'STOP of the recipient', now()
    FROM generate_series(1, 20000) AS n`,
  failures: `
    INSERT INTO failures (id, at, attempt_id, notification_id, delivery_id, client_id, recipient, channel, outcome,
      http_status, provider_code, error_class, responsible, rule, next_step)
    SELECT uuidv7(), now(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '+15551230001',
      'sms', 'rejected', 400, 21211, 'recipient_unreachable', 'recipient', 'test', '{"kind":"none","reason":"test"}'
    FROM generate_series(1, 20000)`,
  dead_letters: `
    INSERT INTO dead_letters (id, notification_id, delivery_id, client_id, state, error_class, provider_code, channel,
      category, reason, opened_at, resolved_at, resolution)
    SELECT uuidv7(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'resolved', 'recipient_unreachable', 21211,
      'sms', 'otp', 'seeded', now(), now(), 'discarded'
    FROM generate_series(1, 20000)`,
} as const;

it.each([
  ['audit_log', `audit?subjectId=${NOBODY}`],
  ['suppressions', 'suppressions?recipient=%2B15551999999'],
  ['failures', 'failures?httpStatus=418'],
  ['dead_letters', `dead-letters?clientId=${NOBODY}`],
  ['dead_letters', 'dead-letters?errorClass=quota_exhausted'],
  ['dead_letters', 'dead-letters?providerCode=63016'],
] as const)('what does not occur in a long %s is missed after a few pages: %s', async (table, query) => {
  const database = await postgres().createDatabase({ autovacuum: false });
  await database.admin.query(ROWS[table]);
  await database.admin.query('VACUUM ANALYZE');
  const service = await database.serve();
  const { executions, result } = await service.executions.during(() =>
    service.api.get<{ items: object[] }>(`/v1/admin/${query}`),
  );
  expect(result).toMatchObject({ status: 200, body: { items: [] } });
  const [search] = executions.filter(
    ({ text }) => new RegExp(`FROM "?${table}\\b`).test(text) && text.includes('LIMIT'),
  );
  expect(search?.seqScans).toEqual([]);
  expect(search?.pages).toBeLessThan(100);
});

it('what is to be forgotten of recipients is found without a look at what is still true', async () => {
  const database = await postgres().createDatabase({ autovacuum: false });
  await database.admin.query(`
    INSERT INTO unavailable_channels (recipient, channel, provider_code, until)
    SELECT '+1555' || (1000000 + n), 'whatsapp', 63024, now() + interval '1 year' FROM generate_series(1, 20000) AS n`);
  await database.admin.query('VACUUM ANALYZE');
  const service = await database.serve();
  const chunks = service.app.get(RetentionChunks, { strict: false });
  const { executions, result } = await service.executions.during(() => chunks.unavailableChannels());
  expect(result).toEqual({ touched: 0, next: null });
  const [search] = executions.filter(({ text }) => text === FORGET_UNAVAILABLE.text.trim());
  expect(search?.seqScans).toEqual([]);
  expect(search?.pages).toBeLessThan(20);
});

it('a scrape finds the oldest dead letter without a look at those that were resolved before', async () => {
  const database = await postgres().createDatabase({ autovacuum: false });
  await database.admin.query(`
    INSERT INTO dead_letters (id, notification_id, delivery_id, client_id, state, error_class, channel, category, reason,
      opened_at, resolved_at, resolution)
    SELECT uuidv7(at - clock_timestamp()), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),
      CASE WHEN n > 2000 THEN 'resolved' ELSE 'open' END, 'provider_fault', 'sms', 'otp', 'seeded', at,
      CASE WHEN n > 2000 THEN at END, CASE WHEN n > 2000 THEN 'discarded' END
    FROM generate_series(1, 20000) AS n, LATERAL (SELECT now() - interval '1 minute' * n AS at) AS time ORDER BY n DESC`);
  await database.admin.query('VACUUM ANALYZE');
  const service = await database.serve();
  const { executions, result } = await service.executions.during(async () => {
    const response = await fetch(new URL('/metrics', (await service.app.getUrl()).replace('[::1]', '127.0.0.1')));
    return await response.text();
  });
  const seconds = Number(/^postrider_dead_letters_oldest_seconds (.*)$/m.exec(result)?.[1]);
  expect(seconds).toBeGreaterThanOrEqual(2000 * 60);
  expect(seconds).toBeLessThan(2001 * 60 + 240);
  const [readings] = executions.filter(({ text }) => text.includes('"oldestDeadLetterSeconds"'));
  expect(readings?.rows).toBeLessThan(2000 * 5);
});
