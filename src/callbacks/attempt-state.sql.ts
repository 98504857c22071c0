import type { Statement } from '../database/database.js';
import { isOneOf, WORKED_ON } from '../policy/transitions.js';
import { SENDING } from '../outbox/sending.sql.js';

/**
 * Where an attempt's notification stands, locked: first its outbox row, then the notification, the order in which
 * everything locks. The attempt is looked for among those that are over and those in the outbox.
 */
export const FIND_NOTIFICATION_OF_ATTEMPT: Statement = {
  name: 'callbacks-find-notification',
  text: `
    SELECT notification_id AS "notificationId", delivery_id AS "deliveryId" FROM attempts WHERE id = $1
    UNION
    SELECT notification_id, delivery_id FROM outbox WHERE attempt_id = $1`,
};

export const LOCK_OUTBOX_ROW: Statement = {
  name: 'callbacks-lock-outbox',
  text: `
    SELECT delivery_id AS "deliveryId", stage, attempt_id AS "attemptId", attempts,
      lease_token IS NOT NULL AS leased
    FROM outbox WHERE notification_id = $1 FOR UPDATE`,
};

export const LOCK_STATE: Statement = {
  name: 'callbacks-lock-state',
  text: `
    SELECT n.id, n.client_id AS "clientId", n.recipient, n.status, n.category, n.channels,
      extract(epoch FROM service_now() - n.created_at)::float8 AS "ageSeconds",
      n.fallback_after_seconds AS "fallbackAfterSeconds", d.channel, d.sender, d.changes,
      CASE
        WHEN NOT ${isOneOf('d.status', WORKED_ON)} THEN d.status
        WHEN EXISTS (SELECT 1 FROM attempts b WHERE b.notification_id = n.id AND b.delivery_id = d.id AND b.outcome = 'accepted')
          THEN 'sent'
        WHEN o.sending THEN 'sending'
        ELSE 'queued'
      END AS "deliveryStatus",
      (SELECT l.id FROM deliveries l WHERE l.notification_id = n.id ORDER BY l.number DESC LIMIT 1) AS "latestDeliveryId",
      (SELECT array_agg(l.channel) FROM deliveries l WHERE l.notification_id = n.id) AS tried,
      a.outcome, a.provider_sid AS "providerSid",
      coalesce(a.started_at, o.attempt_started_at, n.created_at) AS "attemptStartedAt",
      EXISTS (SELECT 1 FROM attempts b WHERE b.notification_id = n.id AND b.delivery_id = d.id AND b.id <> $3
        AND b.outcome = 'accepted') AS "acceptedOtherwise"
    FROM notifications n
    JOIN deliveries d ON d.id = $2
    LEFT JOIN attempts a ON a.id = $3
    LEFT JOIN LATERAL (
      SELECT ${SENDING} AS sending, attempt_started_at FROM outbox
      WHERE notification_id = n.id AND delivery_id = d.id
    ) AS o ON true
    WHERE n.id = $1 FOR UPDATE OF n`,
};
