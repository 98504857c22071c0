import type { Client } from 'pg';

/** One statement holds this many notifications. */
const CHUNK = 50_000;
const SPREAD_MS = 30 * 86_400_000;

/** The clients that the history belongs to; the first, CLIENT_ID, has half of it. */
const CLIENTS = 4;

/**
 * A history as the service leaves it: `count` notifications of the last 30 days, delivered by SMS, each with its
 * delivery, its attempt and two callbacks. Every tenth carries metadata, every twentieth failed once before it went
 * out. They went to as many numbers as there may be, or all to `recipient`. Rows are in order of time and ids are of their time (UUIDv7), as in a grown database.
 * @returns the time that the last thousand of them cover.
 */
export async function seedHistory(
  database: Client,
  count: number,
  recipient: string | null = null,
): Promise<{ from: Date; until: Date }> {
  await database.query(
    `INSERT INTO clients (id, name) SELECT ${clientOf('n')}, 'seeded ' || n FROM generate_series(0, ${CLIENTS - 1}) AS n
     ON CONFLICT DO NOTHING`,
  );
  for (let from = 0; from < count; from += CHUNK) {
    await database.query(SEED_HISTORY, [from, Math.min(count, from + CHUNK) - 1, count, recipient]);
  }
  const until = new Date();
  return { from: new Date(until.getTime() - Math.min(1, 1000 / count) * SPREAD_MS), until };
}

/** `count` notifications of every category that are due since up to an hour ago, as an api-only process stores them. */
export async function seedDue(database: Client, count: number): Promise<void> {
  await database.query(SEED_DUE, [count]);
}

function clientOf(n: string): string {
  return `('00000000-0000-7000-8000-' || lpad((${n})::text, 12, '0'))::uuid`;
}

/** An id of that time. */
const idAt = (at: string) => `uuidv7(${at} - clock_timestamp())`;

const RECIPIENT = `'+1555' || lpad((n::bigint * 7919 % 50000)::text, 7, '0')`;
const CONTENT = `json_build_object('body', 'Your order ' || n || ' is on its way and arrives tomorrow before noon.')`;

const SEED_HISTORY = `
  WITH seed AS MATERIALIZED (
    SELECT n, at, ${idAt('at')} AS id, ${idAt('at')} AS delivery_id,
      ${idAt('at')} AS attempt_id, ${clientOf(`CASE WHEN n % 2 = 0 THEN 0 ELSE n % ${CLIENTS} END`)} AS client_id,
      coalesce($4, ${RECIPIENT}) AS recipient, 'SM' || replace(gen_random_uuid()::text, '-', '') AS sid
    FROM generate_series($1::int, $2::int) AS n,
      LATERAL (SELECT now() - interval '30 days' * (1 - n::float8 / $3::int) AS at) AS time
  ), notification AS (
    INSERT INTO notifications (id, client_id, status, recipient, channels, channel, category, content, metadata,
      idempotency_key, request_hash, on_unknown, created_at, updated_at, delivered_at)
    SELECT id, client_id, 'delivered', recipient, '{sms}', 'sms', 'transactional', ${CONTENT},
      CASE WHEN n % 10 = 0 THEN json_build_object('orderId', 'A-' || n) ELSE '{}' END,
      gen_random_uuid(), sha256(id::text::bytea), 'resend', at, at, at
    FROM seed
  ), delivery AS (
    INSERT INTO deliveries (id, notification_id, number, channel, status, sender, provider_sid, started_at, ended_at)
    SELECT delivery_id, id, 1, 'sms', 'delivered', '+15005550006', sid, at, at FROM seed
  ), attempt AS (
    INSERT INTO attempts (id, notification_id, delivery_id, number, started_at, duration_ms, outcome, http_status,
      provider_sid, provider_request_id)
    SELECT attempt_id, id, delivery_id, 1, at, 120, 'accepted', 201, sid, 'RQ' || md5(sid) FROM seed
  ), callback AS (
    INSERT INTO callbacks (id, attempt_id, notification_id, delivery_id, provider_sid, status, params, received_at)
    SELECT ${idAt('at')}, attempt_id, id, delivery_id, sid, status,
      json_build_object('MessageSid', sid, 'SmsSid', sid, 'MessageStatus', status, 'SmsStatus', status, 'To', recipient,
        'From', '+15005550006', 'AccountSid', 'AC0123456789abcdef0123456789abcdef', 'ApiVersion', '2010-04-01'), at
    FROM seed, unnest(ARRAY['sent', 'delivered']) AS status
  )
  INSERT INTO failures (id, at, attempt_id, notification_id, delivery_id, client_id, recipient, channel, outcome,
    http_status, provider_code, provider_message, error_class, responsible, rule, next_step)
  SELECT ${idAt('at')}, at, attempt_id, id, delivery_id, client_id, recipient, 'sms', 'rejected',
    CASE n % 40 WHEN 0 THEN 429 ELSE 400 END, CASE n % 40 WHEN 0 THEN 20429 ELSE 21211 END, 'It was refused.',
    CASE n % 40 WHEN 0 THEN 'rate_limited' ELSE 'recipient_unreachable' END, 'provider', 'code',
    json_build_object('kind', 'retry', 'reason', 'it may help')
  FROM seed WHERE n % 20 = 0`;

const SEED_DUE = `
  WITH seed AS MATERIALIZED (
    SELECT n, at, ${idAt('at')} AS id, ${idAt('at')} AS delivery_id, ${clientOf('0')} AS client_id,
      ${RECIPIENT} AS recipient, (ARRAY['otp', 'alert', 'transactional', 'marketing'])[1 + n % 4] AS category
    FROM generate_series(1, $1::int) AS n,
      LATERAL (SELECT now() - interval '1 hour' * (1 - n::float8 / $1::int) AS at) AS time
  ), notification AS (
    INSERT INTO notifications (id, client_id, status, recipient, channels, channel, category, content,
      idempotency_key, request_hash, on_unknown, created_at, updated_at)
    SELECT id, client_id, 'queued', recipient, '{sms}', 'sms', category, ${CONTENT},
      gen_random_uuid(), sha256(id::text::bytea), 'resend', at, at
    FROM seed
  ), delivery AS (
    INSERT INTO deliveries (id, notification_id, number, channel, status, sender)
    SELECT delivery_id, id, 1, 'sms', 'queued', '+15005550006' FROM seed
  )
  INSERT INTO outbox (notification_id, delivery_id, channel, sender, stage, priority, due_at)
  SELECT id, delivery_id, 'sms', '+15005550006', 'send', n % 4, at FROM seed`;
