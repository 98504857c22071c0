import type { Client } from 'pg';

/** One statement holds this many rows, so that a million does not build up in one. */
const CHUNK = 100_000;

/** Text that no process of the load generator sends; the provider reads its order number all the same. */
const CONTENT = `json_build_object('body', 'Your order ' || lpad(n::text, 9, '0') || ' is on its way and arrives tomorrow before noon.')`;

/** Due notifications as intake would have stored them, and a word to whoever waits for them. */
export async function seedDue(database: Client, count: number): Promise<void> {
  await inTransaction(database, async () => {
    for (let from = 1; from <= count; from += CHUNK) {
      await database.query(SEED_DUE, [from, Math.min(count, from + CHUNK - 1)]);
    }
    await database.query(`SELECT pg_notify('postrider_due', '')`);
  });
}

/**
 * Notifications of the last 30 days that are over: each with its delivery and its accepted attempt, every twentieth with
 * a failure before it.
 */
export async function seedFinished(database: Client, count: number): Promise<void> {
  for (let from = 1; from <= count; from += CHUNK) {
    await database.query(SEED_FINISHED, [from, Math.min(count, from + CHUNK - 1), count]);
  }
  await database.query('VACUUM ANALYZE notifications, deliveries, attempts, failures');
}

async function inTransaction(database: Client, work: () => Promise<void>): Promise<void> {
  await database.query('BEGIN');
  try {
    await work();
    await database.query('COMMIT');
  } catch (error) {
    await database.query('ROLLBACK');
    throw error;
  }
}

const CLIENT = `coalesce((SELECT id FROM clients ORDER BY created_at LIMIT 1), '019354aa-0000-7000-8000-000000000000'::uuid)`;

const SEED_DUE = `
  WITH seed AS MATERIALIZED (
    SELECT n, uuidv7() AS id, uuidv7() AS delivery_id FROM generate_series($1::int, $2::int) AS n
  ), notification AS (
    INSERT INTO notifications (id, client_id, status, recipient, channels, channel, category, content, idempotency_key,
      request_hash, on_unknown, created_at, updated_at)
    SELECT id, ${CLIENT}, 'queued', '+1555' || (1000000 + n % 9000000), '{sms}', 'sms', 'transactional', ${CONTENT},
      'seed-' || id, sha256(id::text::bytea), 'resend', now(), now()
    FROM seed
  ), delivery AS (
    INSERT INTO deliveries (id, notification_id, number, channel, status, sender)
    SELECT delivery_id, id, 1, 'sms', 'queued', '+15005550006' FROM seed
  )
  INSERT INTO outbox (notification_id, delivery_id, delivery_number, channel, sender, stage, priority, due_at)
  SELECT id, delivery_id, 1, 'sms', '+15005550006', 'send', 2, now() FROM seed`;

const SEED_FINISHED = `
  WITH seed AS MATERIALIZED (
    SELECT n, at, uuidv7(at - now()) AS id, uuidv7(at - now()) AS delivery_id, uuidv7(at - now()) AS attempt_id
    FROM generate_series($1::int, $2::int) AS n,
      LATERAL (SELECT now() - interval '30 days' * (1 - n::float / $3::int) AS at) AS time
  ), notification AS (
    INSERT INTO notifications (id, client_id, status, recipient, channels, channel, category, content, idempotency_key,
      request_hash, on_unknown, created_at, updated_at, delivered_at)
    SELECT id, ${CLIENT}, 'delivered', '+1555' || (1000000 + n % 9000000), '{sms}', 'sms', 'transactional', ${CONTENT},
      'seed-' || id, sha256(id::text::bytea), 'resend', at, at, at
    FROM seed
  ), delivery AS (
    INSERT INTO deliveries (id, notification_id, number, channel, status, sender, provider_sid, started_at, ended_at)
    SELECT delivery_id, id, 1, 'sms', 'delivered', '+15005550006', 'SM' || md5(id::text), at, at FROM seed
  ), attempt AS (
    INSERT INTO attempts (id, notification_id, delivery_id, number, started_at, duration_ms, outcome, http_status,
      provider_sid)
    SELECT attempt_id, id, delivery_id, 1, at, 120, 'accepted', 201, 'SM' || md5(id::text) FROM seed
  )
  INSERT INTO failures (id, at, attempt_id, notification_id, delivery_id, client_id, recipient, channel, outcome,
    http_status, provider_code, provider_message, error_class, responsible, rule, next_step)
  SELECT uuidv7(at - now()), at, attempt_id, id, delivery_id, ${CLIENT}, '+1555' || (1000000 + n % 9000000), 'sms',
    'rejected', 429, 20429, 'It was refused.', 'rate_limited', 'provider', 'code',
    json_build_object('kind', 'retry', 'reason', 'it may help')
  FROM seed WHERE n % 20 = 0`;
