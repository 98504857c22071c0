import type { Statement } from '../database/database.js';
import { legalMove } from '../policy/transitions.js';
import { lookAgainAt } from './look-again.sql.js';
import { readableJson } from './readable-json.sql.js';
import { awaitsDelivery, NOTHING_BEGUN, NO_LEASE_NOR_PASS } from './row-state.sql.js';
import { maybeAccepted } from './maybe-accepted.sql.js';
import { countsAsTried } from './tried.sql.js';

/** A correction carries over, as it was stored, what it does not correct; that may be unreadable. */
const CHANGES = `${readableJson('$5')}::json`;

/**
 * Starts a delivery on a channel: a fallback after acceptance, or a human's resolution. The outbox row is new, or
 * replaces one that only watched for a delivery receipt. Runs in the caller's transaction, which holds the
 * notification's row. If the recipient may have got the notification already, the new attempts are possible duplicates.
 * Returns no row if the notification may not be queued again.
 */
export const START_DELIVERY: Statement = {
  name: 'outbox-start-delivery',
  text: `
    WITH moved AS (
      UPDATE notifications n SET status = 'queued', channel = $3, updated_at = service_now()
      WHERE n.id = $1 AND ${legalMove('n.status', 'queued')}
      RETURNING n.id, n.recipient, n.expires_at, n.content IS NULL AS emptied
    ), again AS (
      ${lookAgainAt('SELECT id AS notification_id FROM moved WHERE emptied')}
    ), delivery AS (
      INSERT INTO deliveries (id, notification_id, number, channel, status, sender, changes)
      SELECT $2, m.id, (SELECT max(number) + 1 FROM deliveries d WHERE d.notification_id = m.id), $3, 'queued', $4, ${CHANGES}
      FROM moved m
      RETURNING number
    )
    INSERT INTO outbox (notification_id, delivery_id, delivery_number, channel, sender, stage, priority, due_at,
      expires_at, possible_duplicate)
    SELECT id, $2, (SELECT number FROM delivery), $3, $4, 'send', $6, service_now(), expires_at,
      ${maybeAccepted('moved', `(${CHANGES})`, '$7::int[]')}
    FROM moved
    ON CONFLICT (notification_id) DO UPDATE SET
      delivery_id = EXCLUDED.delivery_id, delivery_number = EXCLUDED.delivery_number, channel = EXCLUDED.channel,
      sender = EXCLUDED.sender, stage = 'send', due_at = EXCLUDED.due_at,
      possible_duplicate = EXCLUDED.possible_duplicate, ${NOTHING_BEGUN}, held_by = NULL, ${NO_LEASE_NOR_PASS}
    RETURNING notification_id AS "notificationId"`,
};

/**
 * Takes $1 of the deliveries that were accepted but not delivered within fallbackAfterSeconds, for $2 milliseconds,
 * after which they are due again. Thus no two workers look after the same delivery, none is lost with a worker that
 * dies, and one that cannot be looked after does not block those behind it. Whole milliseconds, like the caller's
 * clock.
 */
export const TAKE_OVERDUE: Statement = {
  name: 'outbox-take-overdue',
  plan: 'each_time',
  text: `
    WITH overdue AS MATERIALIZED (
      SELECT notification_id FROM outbox
      WHERE stage = 'await_delivery' AND due_at <= service_now() AND lease_token IS NULL
      ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox SET due_at = date_trunc('milliseconds', service_now()) + $2 * interval '1 millisecond'
    WHERE notification_id = ANY (ARRAY(SELECT notification_id FROM overdue))
    RETURNING notification_id AS "notificationId", due_at AS "takenUntil"`,
};

/**
 * Locks a delivery that was taken until $2, with its outbox row, and reads its present state. Returns no row if the
 * outbox row is gone, has moved on, or was taken again since.
 */
export const LOCK_OVERDUE_DELIVERY: Statement = {
  name: 'outbox-lock-overdue-delivery',
  text: `
    SELECT o.notification_id AS "notificationId", o.delivery_id AS "deliveryId", n.category, n.channels, o.channel,
      n.fallback_after_seconds AS "fallbackAfterSeconds", n.content, n.status,
      coalesce(n.expires_at <= service_now(), false) AS expired,
      (SELECT d.changes FROM deliveries d WHERE d.id = o.delivery_id) AS changes,
      (SELECT array_agg(d.channel) FROM deliveries d WHERE d.notification_id = n.id AND ${countsAsTried('d')}) AS tried
    FROM outbox o JOIN notifications n ON n.id = o.notification_id
    WHERE o.notification_id = $1 AND ${awaitsDelivery('o')} AND o.due_at = $2
    FOR UPDATE OF o, n`,
};

/** Ends the watch for a delivery receipt, so no other channel takes over. */
export const STOP_WATCHING: Statement = {
  name: 'outbox-stop-watching',
  text: `DELETE FROM outbox WHERE notification_id = $1 AND ${awaitsDelivery()}`,
};
