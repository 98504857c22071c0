import type { Statement } from '../database/database.js';
import { acceptedChannel } from '../outbox/accepted-channel.sql.js';
import { concludeLastFailure } from '../outbox/last-failure.sql.js';
import { lookAgainAt } from '../outbox/look-again.sql.js';
import { awaitsDelivery, NO_LEASE_NOR_PASS } from '../outbox/row-state.sql.js';
import { NO_ANSWER_YET_RULE } from '../policy/rule.words.js';
import { legalFrom, legalMove, WORKED_ON } from '../policy/transitions.js';

/** Keeps a callback once; returns no row if this (sid, status) exists already. */
export const KEEP_CALLBACK: Statement = {
  name: 'callbacks-keep',
  text: `
    WITH kept AS (
      INSERT INTO callbacks (id, attempt_id, notification_id, delivery_id, provider_sid, status, error_code, params, received_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, service_now())
      ON CONFLICT (provider_sid, status) DO NOTHING RETURNING id, notification_id
    ), again AS (
      ${lookAgainAt(`
        SELECT notification_id FROM kept
        WHERE (SELECT content FROM notifications WHERE id = kept.notification_id) IS NULL`)}
    )
    SELECT id FROM kept`,
};

export const IS_KEPT: Statement = { name: 'callbacks-is-kept', text: 'SELECT 1 FROM callbacks WHERE id = $1' };

/**
 * Records attempt $1 as accepted with sid $4, whatever was known of it before. If it is still in flight, the outbox row
 * supplies the rest. Another attempt that was taken for accepted because the provider's list showed $4 becomes unknown
 * again.
 */
export const RECORD_ACCEPTANCE: Statement = {
  name: 'callbacks-record-acceptance',
  text: `
    WITH mistaken AS (
      UPDATE attempts SET outcome = 'unknown', provider_sid = NULL
      WHERE notification_id = $2 AND id <> $1 AND provider_sid = $4
    )
    INSERT INTO attempts (id, notification_id, delivery_id, number, started_at, outcome, provider_sid, possible_duplicate)
    SELECT $1, $2, $3, coalesce(o.attempts, 1), coalesce(o.attempt_started_at, service_now()), 'accepted', $4,
      coalesce(o.possible_duplicate, false)
    FROM (VALUES (1)) AS one LEFT JOIN outbox o ON o.notification_id = $2 AND o.attempt_id = $1
    ON CONFLICT (id) DO UPDATE SET outcome = 'accepted', provider_sid = EXCLUDED.provider_sid`,
};

/** Why nothing follows from an attempt whose outbox row goes. */
const NEEDLESS = 'an attempt before it turned out to be accepted, so nothing is sent again';

/**
 * Records attempt $2, which is in flight, as unknown, since its outbox row goes. This keeps the attempt known whether
 * its answer comes or not, and makes the next delivery a possible duplicate.
 */
export const RECORD_IN_FLIGHT: Statement = {
  name: 'callbacks-record-in-flight',
  text: `
    WITH in_flight AS (
      SELECT o.*, n.client_id, coalesce(d.changes ->> 'to', n.recipient) AS recipient
      FROM outbox o
      CROSS JOIN LATERAL (SELECT client_id, recipient FROM notifications WHERE id = o.notification_id LIMIT 1) AS n
      CROSS JOIN LATERAL (SELECT changes FROM deliveries WHERE id = o.delivery_id LIMIT 1) AS d
      WHERE o.notification_id = $1 AND o.attempt_id = $2
    ), recorded AS (
      INSERT INTO attempts (id, notification_id, delivery_id, number, started_at, outcome, possible_duplicate)
      SELECT attempt_id, notification_id, delivery_id, attempts, attempt_started_at, 'unknown', possible_duplicate
      FROM in_flight
    )
    INSERT INTO failures (id, at, attempt_id, notification_id, delivery_id, client_id, recipient, channel, outcome,
      error_class, responsible, rule, next_step)
    SELECT new_uuid_v7(), service_now(), attempt_id, notification_id, delivery_id, client_id, recipient, channel,
      'unknown', 'provider_fault', 'provider', '${NO_ANSWER_YET_RULE}',
      '${JSON.stringify({ kind: 'none', reason: NEEDLESS })}'
    FROM in_flight`,
};

/**
 * For another attempt of delivery $2 that waited to be repeated or looked up: its outbox row goes, and nothing follows.
 */
export const CONCLUDE_WAITING: Statement = {
  name: 'callbacks-conclude-waiting',
  text: `
    WITH waiting AS (
      SELECT notification_id, delivery_id FROM outbox WHERE notification_id = $1 AND delivery_id = $2
    )
    ${concludeLastFailure('waiting', NEEDLESS)}`,
};

/** The statuses that a sid proves wrong: the message was sent, whether it was still worked on or had been given up. */
const PROVABLY_SENT = [...WORKED_ON, 'failed'] as const;

function deliverySent(id: string, sid: string): string {
  return `UPDATE deliveries d SET provider_sid = ${sid}, ended_at = NULL, status = 'sent'
      WHERE d.id = ${id} AND ${legalFrom('d.status', PROVABLY_SENT, 'sent')}`;
}

function deliveryDelivered(id: string): string {
  return `UPDATE deliveries d SET status = 'delivered', ended_at = service_now()
      WHERE d.id = ${id} AND ${legalFrom('d.status', [...WORKED_ON, 'sent', 'failed'], 'delivered')}`;
}

/** For a delivery that a human has corrected since: it moves, its notification does not. */
export const DELIVERY_SENT: Statement = { name: 'callbacks-delivery-sent', text: deliverySent('$1', '$2') };
export const DELIVERY_DELIVERED: Statement = {
  name: 'callbacks-delivery-delivered',
  text: deliveryDelivered('$1'),
};

/**
 * The delivery and its notification count as sent. The outbox row goes, or watches for the receipt for $4 seconds; if
 * there is none any more, a watch begins. Another delivery's row is left alone. A notification that was given up is on
 * this channel again.
 */
export const BIND_DELIVERY: Statement = {
  name: 'callbacks-bind-delivery',
  text: `
    WITH done AS (
      DELETE FROM outbox WHERE notification_id = $1 AND delivery_id = $2 AND $4::int IS NULL
    ), awaiting AS (
      INSERT INTO outbox AS o (notification_id, delivery_id, delivery_number, channel, sender, stage, priority, due_at,
        expires_at)
      SELECT n.id, d.id, d.number, d.channel, d.sender, 'await_delivery', $5::smallint,
        service_now() + $4 * interval '1 second', n.expires_at
      FROM notifications n JOIN deliveries d ON d.id = $2
      WHERE n.id = $1 AND $4::int IS NOT NULL
      ON CONFLICT (notification_id) DO UPDATE SET stage = 'await_delivery', due_at = EXCLUDED.due_at,
        attempt_id = NULL, attempt_started_at = NULL, held_by = NULL, ${NO_LEASE_NOR_PASS}
      WHERE o.delivery_id = $2
    ), delivery AS (
      ${deliverySent('$2', '$3')}
    )
    UPDATE notifications n SET status = 'sent', updated_at = service_now(),
      channel = CASE n.status WHEN 'failed' THEN (SELECT channel FROM deliveries WHERE id = $2) ELSE n.channel END
    WHERE n.id = $1 AND ${legalFrom('n.status', PROVABLY_SENT, 'sent')}`,
};

/** The notification is on the channel that delivered it first, whatever was tried later. */
export const DELIVERED: Statement = {
  name: 'callbacks-delivered',
  text: `
    WITH delivery AS (
      ${deliveryDelivered('$2')}
    ), watched AS (
      DELETE FROM outbox WHERE notification_id = $1 AND ${awaitsDelivery()}
    )
    UPDATE notifications n SET status = 'delivered', updated_at = service_now(),
      channel = CASE n.status WHEN 'delivered' THEN n.channel ELSE (SELECT channel FROM deliveries WHERE id = $2) END,
      delivered_at = coalesce(n.delivered_at, service_now()),
      read_at = CASE WHEN $3 THEN service_now() ELSE n.read_at END
    WHERE n.id = $1 AND (${legalMove('n.status', 'delivered')} OR (n.status = 'delivered' AND $3 AND n.read_at IS NULL))`,
};

/**
 * Drops a fallback that has nothing on its way, since the earlier delivery $2 makes it needless: the fallback's
 * delivery ends as $3, and the notification is on the earlier channel again.
 */
export const DROP_FALLBACK: Statement = {
  name: 'callbacks-drop-fallback',
  text: `
    WITH dropped AS (
      DELETE FROM outbox WHERE notification_id = $1 AND delivery_id <> $2 RETURNING notification_id, delivery_id
    ), back AS (
      UPDATE notifications n SET channel = (SELECT channel FROM deliveries WHERE id = $2)
      WHERE n.id = (SELECT notification_id FROM dropped)
    ), concluded AS (
      ${concludeLastFailure('dropped', 'a channel before had it accepted, so it was not sent again')}
    )
    UPDATE deliveries d SET status = $3, ended_at = service_now()
    WHERE d.id = (SELECT delivery_id FROM dropped) AND ${legalFrom('d.status', WORKED_ON, 'canceled', 'failed')}`,
};

export const RECORD_FAILED_CALLBACK: Statement = {
  name: 'callbacks-record-failure',
  text: `
    INSERT INTO failures (id, at, attempt_id, callback_id, notification_id, delivery_id, client_id, recipient, channel,
      outcome, provider_code, provider_message, provider_body, error_class, responsible, rule, next_step)
    VALUES (new_uuid_v7(), service_now(), $1, $2, $3, $4, $5, $6, $7, 'accepted', $8, $9, $10, $11, $12, $13, $14)`,
};

export const END_DELIVERY: Statement = {
  name: 'callbacks-end-delivery',
  text: `
    UPDATE deliveries d SET status = 'failed', ended_at = service_now()
    WHERE d.id = $1 AND ${legalFrom('d.status', [...WORKED_ON, 'sent'], 'failed')}`,
};

/**
 * No automatic step is left: the notification fails; with $3 a dead letter waits for a human. Without, it is `sent` on
 * a channel that accepted it before, if there is one.
 */
export const FAIL_NOTIFICATION: Statement = {
  name: 'callbacks-fail-notification',
  text: `
    WITH gone AS (
      DELETE FROM outbox WHERE notification_id = $1
    ), failed AS (
      UPDATE notifications n SET
        (status, channel) = (
          SELECT CASE WHEN a.channel IS NULL THEN 'failed' ELSE 'sent' END, coalesce(a.channel, n.channel)
          FROM (SELECT CASE WHEN NOT $3 THEN ${acceptedChannel('$1', '$2')} END AS channel) AS a),
        updated_at = service_now()
      WHERE n.id = $1 AND ${legalMove('n.status', 'failed')}
      RETURNING n.id, n.client_id, n.category
    )
    INSERT INTO dead_letters (id, notification_id, delivery_id, client_id, state, error_class, provider_code, channel,
      category, reason, opened_at)
    SELECT new_uuid_v7(), id, $2, client_id, 'open', $4, $5, $6, category, $7, service_now()
    FROM failed WHERE $3
    ON CONFLICT DO NOTHING`,
};
