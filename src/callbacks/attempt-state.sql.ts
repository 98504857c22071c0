import type { Statement } from '../database/database.js';
import { sameRecipient, sameWords } from '../outbox/same-message.sql.js';

/** The attempt is looked for among those that are over and those in the outbox. */
export const FIND_NOTIFICATION_OF_ATTEMPT: Statement = {
  name: 'callbacks-find-notification',
  text: `
    SELECT notification_id AS "notificationId", delivery_id AS "deliveryId" FROM attempts WHERE id = $1
    UNION
    SELECT notification_id, delivery_id FROM outbox WHERE attempt_id = $1`,
};

/**
 * The first of two locks, the outbox row and then the notification: the order in which everything locks. Each is a
 * statement of its own, and so is what is read under them: a statement that had to wait for a lock sees everything else
 * as it was before the wait.
 */
export const LOCK_OUTBOX_ROW: Statement = {
  name: 'callbacks-lock-outbox',
  text: `
    SELECT delivery_id AS "deliveryId", stage, attempt_id AS "attemptId", lease_token IS NOT NULL AS leased
    FROM outbox WHERE notification_id = $1 FOR UPDATE`,
};

export const LOCK_NOTIFICATION: Statement = {
  name: 'callbacks-lock-notification',
  text: `SELECT id FROM notifications WHERE id = $1 FOR UPDATE`,
};

const ATTEMPTS_OF = (delivery: string) =>
  `SELECT 1 FROM attempts b WHERE b.notification_id = n.id AND b.delivery_id = ${delivery}`;

const REPORTED_FAILED = (sid: string) =>
  `EXISTS (SELECT 1 FROM failures f JOIN callbacks c ON c.id = f.callback_id
          WHERE f.notification_id = n.id AND c.provider_sid = ${sid})`;

/**
 * Where notification $1, delivery $2 and attempt $3 stand, of which sid $4 is reported: an attempt of another delivery that has it
 * was taken for it by mistake. To be read under both locks.
 */
export const READ_STATE: Statement = {
  name: 'callbacks-read-state',
  text: `
    SELECT n.id, n.client_id AS "clientId", n.recipient, n.status, n.category, n.channels, n.content,
      extract(epoch FROM service_now() - n.created_at)::float8 AS "ageSeconds",
      coalesce(n.expires_at <= service_now(), false) AS expired,
      n.fallback_after_seconds AS "fallbackAfterSeconds",
      EXISTS (SELECT 1 FROM dead_letters l WHERE l.notification_id = n.id AND l.state = 'open') AS "awaitsReview",
      EXISTS (SELECT 1 FROM outbox WHERE notification_id = n.id) AS "hasWork",
      (SELECT json_agg(json_build_object('id', l.id, 'channel', l.channel, 'status', l.status,
          'attempted', EXISTS (${ATTEMPTS_OF('l.id')}),
          'accepted', EXISTS (${ATTEMPTS_OF('l.id')} AND b.outcome = 'accepted' AND b.provider_sid IS DISTINCT FROM $4),
          'byHuman', coalesce(l.changes ->> 'begunBy' = 'human', false),
          'elsewhere', NOT ${sameRecipient('l.changes', 'd.changes', 'n')},
          'reworded', NOT ${sameWords('l.changes', 'd.changes', 'n')}) ORDER BY l.number)
        FROM deliveries l WHERE l.notification_id = n.id) AS deliveries,
      d.id AS "deliveryId", d.channel, d.status AS "deliveryStatus", d.sender, d.changes,
      a.outcome, a.provider_sid AS "knownSid", coalesce(a.started_at, o.attempt_started_at, n.created_at) AS "attemptStartedAt",
      coalesce((
        SELECT json_agg(json_build_object('providerSid', b.provider_sid, 'failed', ${REPORTED_FAILED('b.provider_sid')}))
        FROM attempts b
        WHERE b.notification_id = n.id AND b.delivery_id = d.id AND b.id <> $3 AND b.outcome = 'accepted'
      ), '[]') AS "othersAccepted",
      ${REPORTED_FAILED('$4')} AS "reportedFailed",
      EXISTS (
        SELECT 1 FROM attempts b WHERE b.notification_id = n.id AND b.id <> $3 AND b.provider_sid = $4
      ) AS "isAnothersSid"
    FROM notifications n
    JOIN deliveries d ON d.id = $2
    LEFT JOIN attempts a ON a.id = $3
    LEFT JOIN outbox o ON o.notification_id = n.id AND o.attempt_id = $3
    WHERE n.id = $1`,
};
