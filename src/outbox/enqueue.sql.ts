import type { Statement } from '../database/database.js';
import { recipientMemory } from './recipient-memory.sql.js';

/**
 * Accepts notifications: idempotency key, notification, first delivery and outbox row in one statement, for as many
 * requests as arrived together. Keys are inserted in order, so that groups of several processes cannot deadlock.
 * A row whose `attempt_id` is given is born leased to the process that accepted it, as safe as a claim: the lease
 * expires like any other. A key that exists already inserts nothing and is missing from the answer.
 */
export const ENQUEUE: Statement = {
  name: 'outbox-enqueue',
  text: `
    WITH input AS (
      SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::smallint[], $9::text[],
        $10::text[], $11::text[], $12::bytea[], $13::text[], $14::timestamptz[], $15::timestamptz[], $16::int[],
        $17::uuid[]
      ) AS t (id, delivery_id, client_id, recipient, channels, sender, category, priority, content,
              metadata, idempotency_key, request_hash, on_unknown, send_at, expires_at, fallback_after_seconds,
              attempt_id)
    ), accepted AS (
      INSERT INTO notifications (id, client_id, status, recipient, channels, channel, category, content, metadata,
        idempotency_key, request_hash, on_unknown, send_at, expires_at, fallback_after_seconds, created_at, updated_at)
      SELECT id, client_id,
        CASE WHEN send_at > service_now() THEN 'scheduled' WHEN attempt_id IS NULL THEN 'queued' ELSE 'sending' END,
        recipient, string_to_array(channels, ','), split_part(channels, ',', 1), category, content::json,
        metadata::json, idempotency_key, request_hash, on_unknown, send_at, expires_at, fallback_after_seconds,
        service_now(), service_now()
      FROM input ORDER BY client_id, idempotency_key
      ON CONFLICT (client_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
      RETURNING id, status, channel, created_at
    ), delivery AS (
      INSERT INTO deliveries (id, notification_id, number, channel, status, sender, started_at)
      SELECT i.delivery_id, i.id, 1, a.channel, a.status, i.sender, CASE WHEN i.attempt_id IS NOT NULL THEN a.created_at END
      FROM accepted a JOIN input i ON i.id = a.id
    ), due AS (
      INSERT INTO outbox (notification_id, delivery_id, channel, sender, stage, priority, due_at, expires_at,
        attempt_id, attempt_started_at, attempts, lease_token, lease_owner, leased_until)
      SELECT i.id, i.delivery_id, a.channel, i.sender, 'send', i.priority, coalesce(i.send_at, a.created_at),
        i.expires_at, i.attempt_id, CASE WHEN i.attempt_id IS NOT NULL THEN a.created_at END,
        CASE WHEN i.attempt_id IS NULL THEN 0 ELSE 1 END,
        CASE WHEN i.attempt_id IS NOT NULL THEN $18::uuid END, CASE WHEN i.attempt_id IS NOT NULL THEN $19::uuid END,
        CASE WHEN i.attempt_id IS NOT NULL THEN a.created_at + $20 * interval '1 millisecond' END
      FROM accepted a JOIN input i ON i.id = a.id
    )
    SELECT a.id, a.created_at AS "createdAt",
      ${recipientMemory('i.recipient', 'i.sender', 'a.channel')}
    FROM accepted a JOIN input i ON i.id = a.id`,
};

/**
 * Finds what earlier requests with the same keys were answered. Key by key, whatever the planner believes: beginning
 * with every first delivery, as it would on tables that were never analysed, reads all of them.
 */
export const FIND_BY_KEY: Statement = {
  name: 'outbox-find-by-key',
  plan: 'each_time',
  text: `
    SELECT n.client_id AS "clientId", n.idempotency_key AS "idempotencyKey", n.request_hash AS "requestHash", n.id,
      n.recipient, n.channels, n.category, n.metadata, n.send_at AS "sendAt", n.expires_at AS "expiresAt",
      n.created_at AS "createdAt", d.id AS "deliveryId", d.sender
    FROM unnest($1::uuid[], $2::text[]) AS k (client_id, idempotency_key)
    JOIN notifications n ON n.client_id = k.client_id AND n.idempotency_key = k.idempotency_key
    CROSS JOIN LATERAL (
      SELECT id, sender FROM deliveries WHERE notification_id = n.id AND number = 1 LIMIT 1
    ) AS d`,
};
