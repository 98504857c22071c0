import type { Statement } from '../database/database.js';
import { sameRecipient, sameWords } from '../outbox/same-message.sql.js';

/** Looks for the attempt among the recorded ones and in the outbox. */
export const FIND_NOTIFICATION_OF_ATTEMPT: Statement = {
  name: 'callbacks-find-notification',
  plan: 'each_time',
  text: `
    SELECT notification_id AS "notificationId", delivery_id AS "deliveryId" FROM attempts WHERE id = $1
    UNION
    SELECT notification_id, delivery_id FROM outbox WHERE attempt_id = $1`,
};

/**
 * The first of two locks: the outbox row, then the notification, in the order in which everything locks. Each lock is a
 * statement of its own, and so is the read under them: a statement that had to wait for a lock sees everything else as
 * it was before the wait.
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

/** Scalar subqueries about the rows of one notification: for an EXISTS, a kept plan may read the whole table. */
const hasAttempt = (conditions: string) =>
  `((SELECT b.id FROM attempts b WHERE b.notification_id = n.id AND ${conditions} LIMIT 1) IS NOT NULL)`;

const isReportedFailed = (sid: string) =>
  `((SELECT f.id FROM failures f WHERE f.notification_id = n.id AND
          (SELECT c.provider_sid FROM callbacks c WHERE c.id = f.callback_id) = ${sid} LIMIT 1) IS NOT NULL)`;

/**
 * The state of notification $1, delivery $2 and attempt $3 when sid $4 is reported. An attempt of another delivery that
 * has this sid was credited with it by mistake. Must be read under both locks.
 */
export const READ_STATE: Statement = {
  name: 'callbacks-read-state',
  text: `
    SELECT n.id, n.client_id AS "clientId", n.recipient, n.status, n.category, n.channels, n.content,
      extract(epoch FROM service_now() - n.created_at)::float8 AS "ageSeconds",
      coalesce(n.expires_at <= service_now(), false) AS expired,
      n.fallback_after_seconds AS "fallbackAfterSeconds",
      (SELECT l.id FROM dead_letters l WHERE l.notification_id = n.id AND l.state = 'open') IS NOT NULL AS "awaitsReview",
      (SELECT notification_id FROM outbox WHERE notification_id = n.id) IS NOT NULL AS "hasWork",
      (SELECT json_agg(json_build_object('id', l.id, 'channel', l.channel, 'status', l.status,
          'attempted', ${hasAttempt('b.delivery_id = l.id')},
          'accepted', ${hasAttempt(`b.delivery_id = l.id AND b.outcome = 'accepted' AND b.provider_sid IS DISTINCT FROM $4`)},
          'byHuman', coalesce(l.changes ->> 'begunBy' = 'human', false),
          'elsewhere', NOT ${sameRecipient('l.changes', 'd.changes', 'n')},
          'reworded', NOT ${sameWords('l.changes', 'd.changes', 'n')}) ORDER BY l.number)
        FROM deliveries l WHERE l.notification_id = n.id) AS deliveries,
      d.id AS "deliveryId", d.channel, d.status AS "deliveryStatus", d.sender, d.changes,
      a.outcome, a.provider_sid AS "knownSid", coalesce(a.started_at, o.attempt_started_at, n.created_at) AS "attemptStartedAt",
      coalesce((
        SELECT json_agg(json_build_object('providerSid', b.provider_sid, 'failed', ${isReportedFailed('b.provider_sid')}))
        FROM attempts b
        WHERE b.notification_id = n.id AND b.delivery_id = d.id AND b.id <> $3 AND b.outcome = 'accepted'
      ), '[]') AS "othersAccepted",
      ${isReportedFailed('$4')} AS "reportedFailed",
      ${hasAttempt('b.id <> $3 AND b.provider_sid = $4')} AS "isAnothersSid"
    FROM notifications n
    JOIN deliveries d ON d.id = $2
    LEFT JOIN attempts a ON a.id = $3
    LEFT JOIN outbox o ON o.notification_id = n.id AND o.attempt_id = $3
    WHERE n.id = $1`,
};
