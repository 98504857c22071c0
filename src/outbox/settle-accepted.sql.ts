import type { Statement } from '../database/database.js';

/**
 * Records accepted attempts: the attempt, the delivery's sid, the notification's move to `sent`; the outbox row goes,
 * or stays to watch for the delivery where the caller set fallbackAfterSeconds. Answers the notifications whose lease
 * still held. Of the others the attempt is kept with its sid, as evidence for reconciliation, and nothing moves.
 *
 * Rows are found by an array of their ids as well as by the join: the outbox is empty one minute and holds a million
 * rows the next, and a plan that believes in the empty one joins every row with every result
 * (docs/decisions/0008-growth.md).
 */
export const SETTLE_ACCEPTED: Statement = {
  name: 'outbox-settle-accepted',
  plan: 'once',
  text: `
    WITH input AS (
      SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::smallint[], $6::timestamptz[], $7::int[], $8::smallint[],
        $9::text[], $10::text[], $11::boolean[], $12::int[]
      ) AS t (notification_id, delivery_id, lease_token, attempt_id, number, started_at, duration_ms, http_status,
              provider_sid, provider_request_id, possible_duplicate, await_ms)
    ), done AS (
      DELETE FROM outbox o USING input i
      WHERE o.notification_id = ANY ($1)
        AND o.notification_id = i.notification_id AND o.lease_token = i.lease_token AND i.await_ms IS NULL
      RETURNING o.notification_id
    ), awaiting AS (
      UPDATE outbox o SET stage = 'await_delivery', due_at = service_now() + i.await_ms * interval '1 millisecond',
        attempt_id = NULL, attempt_started_at = NULL, lease_token = NULL, lease_owner = NULL, leased_until = NULL,
        probe = false, released_by = NULL
      FROM input i
      WHERE o.notification_id = ANY ($1)
        AND o.notification_id = i.notification_id AND o.lease_token = i.lease_token AND i.await_ms IS NOT NULL
      RETURNING o.notification_id
    ), held AS (
      SELECT notification_id FROM done UNION ALL SELECT notification_id FROM awaiting
    ), recorded AS (
      INSERT INTO attempts (id, notification_id, delivery_id, number, started_at, duration_ms, outcome, http_status,
        provider_sid, provider_request_id, possible_duplicate)
      SELECT attempt_id, notification_id, delivery_id, number, started_at, duration_ms, 'accepted', http_status,
        provider_sid, provider_request_id, possible_duplicate
      FROM input
      ON CONFLICT (id) DO UPDATE SET outcome = 'accepted', provider_sid = EXCLUDED.provider_sid,
        -- A callback or a rescuer wrote the attempt first; only an answer knows these.
        http_status = coalesce(EXCLUDED.http_status, attempts.http_status),
        provider_request_id = coalesce(EXCLUDED.provider_request_id, attempts.provider_request_id),
        duration_ms = CASE WHEN EXCLUDED.http_status IS NULL THEN attempts.duration_ms ELSE EXCLUDED.duration_ms END
    ), delivery AS (
      UPDATE deliveries d SET provider_sid = i.provider_sid,
        status = CASE d.status WHEN 'sending' THEN 'sent' ELSE d.status END
      FROM input i
      WHERE d.id = ANY ($2) AND d.id = i.delivery_id AND i.notification_id IN (SELECT notification_id FROM held)
    ), moved AS (
      UPDATE notifications SET status = 'sent', updated_at = service_now()
      WHERE id = ANY (ARRAY(SELECT notification_id FROM held)) AND status = 'sending'
    )
    SELECT notification_id AS "notificationId" FROM held`,
};
