import type { Statement } from '../database/database.js';
import { recipientMemory } from '../recipients/remembered.sql.js';

/** The statement's answer, one row, which names only what is out of the ordinary. */
export interface EnqueueAnswer {
  readonly createdAt: Date;
  /** Notifications that were not stored, because their key exists already. */
  readonly repeated: readonly string[];
  /** What is remembered of the recipients of leased notifications; null if nothing is. */
  readonly remembered:
    readonly { readonly id: string; readonly suppressed: boolean; readonly unavailableCode: number | null }[] | null;
}

/**
 * Accepts notifications: idempotency key, notification, first delivery and outbox row in one statement, for as many
 * requests as arrived together. Keys are inserted in order, so groups of several processes cannot deadlock. A row with
 * an `attempt_id` is born leased to the process that accepted it, which is as safe as a claim: the lease expires like
 * any other. A key that exists already inserts nothing. A sendAt in the past counts as now: claims go by due_at, so it
 * would overtake everything that waits (GREATEST ignores NULL).
 */
export const ENQUEUE: Statement = {
  name: 'outbox-enqueue',
  plan: 'once',
  text: `
    WITH input AS MATERIALIZED (
      SELECT *, split_part(channels, ',', 1) AS channel,
        CASE WHEN send_at > service_now() THEN 'scheduled' ELSE 'queued' END AS status
      FROM unnest(
        $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::smallint[], $9::text[],
        $10::text[], $11::text[], $12::bytea[], $13::text[], $14::timestamptz[], $15::timestamptz[], $16::int[],
        $17::uuid[]
      ) AS t (id, delivery_id, client_id, recipient, channels, sender, category, priority, content,
              metadata, idempotency_key, request_hash, on_unknown, send_at, expires_at, fallback_after_seconds,
              attempt_id)
    ), accepted AS (
      INSERT INTO notifications (id, client_id, status, recipient, channels, channel, category, content, metadata,
        idempotency_key, request_hash, on_unknown, send_at, expires_at, fallback_after_seconds, created_at, updated_at)
      SELECT id, client_id, status, recipient, string_to_array(channels, ','), channel, category, content::json,
        metadata::json, idempotency_key, request_hash, on_unknown, send_at, expires_at, fallback_after_seconds,
        service_now(), service_now()
      FROM input ORDER BY client_id, idempotency_key
      ON CONFLICT (client_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
      RETURNING id
    ), stored AS MATERIALIZED (
      -- IS TRUE keeps it a look-up in a hash: as a join, or in an array, it would cost more with every row of the group.
      SELECT * FROM input WHERE (id IN (SELECT id FROM accepted)) IS TRUE
    ), delivery AS (
      INSERT INTO deliveries (id, notification_id, number, channel, status, sender)
      SELECT delivery_id, id, 1, channel, status, sender FROM stored
    ), due AS (
      INSERT INTO outbox (notification_id, delivery_id, delivery_number, channel, sender, stage, priority, due_at,
        expires_at, attempt_id, attempt_started_at, attempts, lease_token, lease_owner, leased_until)
      SELECT id, delivery_id, 1, channel, sender, 'send', priority, greatest(send_at, service_now()), expires_at,
        attempt_id, leased.at, CASE WHEN attempt_id IS NULL THEN 0 ELSE 1 END, leased.token, leased.owner, leased.until
      FROM stored LEFT JOIN LATERAL (
        SELECT service_now() AS at, $18::uuid AS token, $19::uuid AS owner,
          service_now() + $20 * interval '1 millisecond' AS until
      ) AS leased ON attempt_id IS NOT NULL
    )
    SELECT service_now() AS "createdAt",
      ARRAY(SELECT id FROM input WHERE id NOT IN (SELECT id FROM accepted)) AS repeated,
      (SELECT json_agg(m) FROM (
         SELECT n.id, ${recipientMemory('n.recipient', 'n.sender', 'n.channel')} FROM stored n WHERE n.attempt_id IS NOT NULL
       ) AS m WHERE m.suppressed OR m."unavailableCode" IS NOT NULL) AS remembered`,
};

/**
 * Finds how earlier requests with the same keys were answered. Looks up key by key, whatever the planner believes: on
 * tables that were never analysed it would start from every first delivery, and read them all.
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
