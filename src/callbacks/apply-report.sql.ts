import type { Statement } from '../database/database.js';
import { isOneOf, legalMove, legalPath, WORKED_ON } from '../policy/transitions.js';

/** Keeps a callback once; answers nothing when this (sid, status) was there already. */
export const KEEP_CALLBACK: Statement = {
  name: 'callbacks-keep',
  text: `
    INSERT INTO callbacks (id, attempt_id, notification_id, delivery_id, provider_sid, status, error_code, params, received_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, service_now())
    ON CONFLICT (provider_sid, status) DO NOTHING RETURNING id`,
};

/** The attempt was accepted as $4, whatever was known of it before. */
export const RECORD_ACCEPTANCE: Statement = {
  name: 'callbacks-record-acceptance',
  text: `
    INSERT INTO attempts (id, notification_id, delivery_id, number, started_at, outcome, provider_sid)
    SELECT $1, $2, $3, coalesce(o.attempts, 1), coalesce(o.attempt_started_at, service_now()), 'accepted', $4
    FROM (VALUES (1)) AS one LEFT JOIN outbox o ON o.notification_id = $2
    ON CONFLICT (id) DO UPDATE SET outcome = 'accepted', provider_sid = EXCLUDED.provider_sid`,
};

/** What a sid proves wrong: it was sent, whether it was being worked on or given up. */
const PROVABLY_SENT = [...WORKED_ON, 'failed'] as const;

/** The delivery and its notification count as sent; the outbox row goes, or watches for the receipt. */
export const BIND_DELIVERY: Statement = {
  name: 'callbacks-bind-delivery',
  text: `
    WITH done AS (
      DELETE FROM outbox WHERE notification_id = $1 AND delivery_id = $2 AND $4::int IS NULL
    ), awaiting AS (
      UPDATE outbox SET stage = 'await_delivery', due_at = service_now() + $4 * interval '1 second',
        attempt_id = NULL, attempt_started_at = NULL, held_by = NULL, probe = false,
        lease_token = NULL, lease_owner = NULL, leased_until = NULL
      WHERE notification_id = $1 AND delivery_id = $2 AND $4::int IS NOT NULL
    ), delivery AS (
      UPDATE deliveries d SET provider_sid = $3, ended_at = NULL,
        status = CASE WHEN ${isOneOf('d.status', PROVABLY_SENT)} THEN 'sent' ELSE d.status END
      WHERE d.id = $2
    )
    UPDATE notifications n SET status = 'sent', updated_at = service_now()
    WHERE n.id = $1 AND ${isOneOf('n.status', PROVABLY_SENT)}`,
};

export const DELIVERED: Statement = {
  name: 'callbacks-delivered',
  text: `
    WITH delivery AS (
      UPDATE deliveries d SET status = 'delivered', ended_at = service_now()
      WHERE d.id = $2 AND (${legalPath('d.status', [...WORKED_ON, 'sent', 'delivered'])} OR d.status = 'failed')
    ), watched AS (
      DELETE FROM outbox WHERE notification_id = $1 AND stage = 'await_delivery'
    )
    UPDATE notifications n SET status = 'delivered', updated_at = service_now(),
      delivered_at = coalesce(n.delivered_at, service_now()),
      read_at = CASE WHEN $3 THEN coalesce(n.read_at, service_now()) ELSE n.read_at END
    WHERE n.id = $1 AND (${legalMove('n.status', 'delivered')} OR (n.status = 'delivered' AND $3 AND n.read_at IS NULL))`,
};

/** Drops a fallback that has not left: the earlier channel delivered after all. */
export const DROP_FALLBACK: Statement = {
  name: 'callbacks-drop-fallback',
  text: `
    WITH dropped AS (
      DELETE FROM outbox WHERE notification_id = $1 AND delivery_id <> $2 RETURNING delivery_id
    )
    UPDATE deliveries d SET status = 'canceled', ended_at = service_now()
    FROM dropped WHERE d.id = dropped.delivery_id`,
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
    WHERE d.id = $1 AND ${legalPath('d.status', [...WORKED_ON, 'sent', 'failed'])}`,
};

/** No automatic step is left: the notification fails; with $3 a dead letter waits for a human. */
export const FAIL_NOTIFICATION: Statement = {
  name: 'callbacks-fail-notification',
  text: `
    WITH gone AS (
      DELETE FROM outbox WHERE notification_id = $1
    ), failed AS (
      UPDATE notifications n SET status = 'failed', updated_at = service_now()
      WHERE n.id = $1 AND ${legalMove('n.status', 'failed')}
      RETURNING n.id, n.client_id, n.category
    )
    INSERT INTO dead_letters (id, notification_id, delivery_id, client_id, state, error_class, provider_code, channel,
      category, reason, opened_at)
    SELECT new_uuid_v7(), id, $2, client_id, 'open', $4, $5, $6, category, $7, service_now()
    FROM failed WHERE $3
    ON CONFLICT DO NOTHING`,
};
