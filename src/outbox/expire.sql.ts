import type { Statement } from '../database/database.js';
import { legalFrom, legalMove, WORKED_ON } from '../policy/transitions.js';
import { acceptedChannel } from './accepted-channel.sql.js';
import { concludeLastFailure } from './last-failure.sql.js';
import { recordDecision } from './record-decision.sql.js';

/**
 * Locks work whose expiresAt passed before it was accepted, at most $1 rows and none of $2: due, waiting or held, but
 * not while an attempt is in flight or its outcome is unknown (it may have been accepted). The rows are locked before
 * anything else is read about them: a callback applied a moment ago decides how they end.
 */
export const LOCK_EXPIRED: Statement = {
  name: 'outbox-lock-expired',
  plan: 'each_time',
  text: `
    SELECT notification_id AS id FROM outbox
    WHERE expires_at <= service_now() AND lease_token IS NULL AND stage = 'send' AND notification_id <> ALL ($2::uuid[])
    ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED`,
};

/** For a row of `late`: what ended, as a sentence. */
const WHAT_ENDED = `
        CASE WHEN accepted_by IS NOT NULL
          THEN 'Its expiresAt passed before it ' || CASE WHEN attempted THEN 'was accepted' ELSE 'could be sent' END
            || there || ', so only this delivery ends: ' || accepted_by || ' had accepted it before.'
          WHEN in_doubt THEN 'Its expiresAt passed, so it was not sent again; an attempt before may have been accepted.'
          WHEN attempted THEN 'Its expiresAt passed before it was accepted' || there || ', so it was not sent again.'
          WHEN there <> '' THEN 'Its expiresAt passed before it could be sent' || there || '.'
          ELSE 'Its expiresAt passed before it was accepted, so it was not sent.' END`;

/**
 * Ends the work of $1, which the caller's transaction has locked. If an earlier channel had accepted it, only the
 * fallback ends, and the notification is `sent` on that channel again. Returns what became of each.
 */
export const END_EXPIRED: Statement = {
  name: 'outbox-end-expired',
  plan: 'each_time',
  text: `
    WITH ended AS (
      DELETE FROM outbox WHERE notification_id = ANY ($1)
      RETURNING notification_id, delivery_id, delivery_number, channel, attempts, held_by
    ), late AS MATERIALIZED (
      SELECT e.notification_id, e.delivery_id, e.held_by, e.attempts > 0 AS attempted,
        -- Another delivery may have been accepted before: what follows is only true of this one.
        CASE WHEN e.delivery_number IS DISTINCT FROM 1 THEN ' on ' || e.channel ELSE '' END AS there,
        CASE WHEN e.attempts > 0 OR e.delivery_number IS DISTINCT FROM 1 THEN (
          SELECT true FROM attempts a WHERE a.notification_id = e.notification_id AND a.outcome = 'unknown' LIMIT 1
        ) END AS in_doubt,
        CASE WHEN e.delivery_number IS DISTINCT FROM 1 THEN ${acceptedChannel('e.notification_id', 'e.delivery_id')} END AS accepted_by
      FROM ended e
    ), delivery AS (
      UPDATE deliveries d SET status = 'expired', ended_at = service_now()
      FROM late WHERE d.id = late.delivery_id AND ${legalMove('d.status', 'expired')}
    ), decided AS (
      ${recordDecision('late', 'expiry', WHAT_ENDED)}
    ), attempted AS (
      SELECT notification_id, delivery_id FROM late WHERE attempted
    ), concluded AS (
      ${concludeLastFailure('attempted', 'its expiresAt passed, so it was not sent again')}
    ), expired AS (
      UPDATE notifications n SET status = 'expired', updated_at = service_now()
      FROM late WHERE n.id = late.notification_id AND late.accepted_by IS NULL AND ${legalMove('n.status', 'expired')}
      RETURNING n.id
    ), sent AS (
      UPDATE notifications n SET status = 'sent', channel = late.accepted_by, updated_at = service_now()
      FROM late WHERE n.id = late.notification_id AND late.accepted_by IS NOT NULL AND ${legalFrom('n.status', WORKED_ON, 'sent')}
      RETURNING n.id
    )
    SELECT notification_id AS "notificationId", held_by AS "heldBy",
      CASE WHEN notification_id IN (SELECT id FROM expired) THEN 'expired'
        WHEN notification_id IN (SELECT id FROM sent) THEN 'sent' END AS "movedTo"
    FROM late`,
};
