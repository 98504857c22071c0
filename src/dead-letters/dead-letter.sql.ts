import type { Statement } from '../database/database.js';
import { maybeAccepted } from '../outbox/maybe-accepted.sql.js';
import { FILTER_LENGTH, fitsFilter } from './dead-letter.filter.js';

/** The columns of `dead_letters l`, named as in its entity. */
export const DEAD_LETTER = `
  l.id, l.notification_id AS "notificationId", l.delivery_id AS "deliveryId", l.client_id AS "clientId", l.state,
  l.error_class AS "errorClass", l.http_status AS "httpStatus", l.provider_code AS "providerCode", l.channel,
  l.category, l.incident_id AS "incidentId", l.reason, l.opened_at AS "openedAt", l.resolved_at AS "resolvedAt",
  l.resolution, l.resolved_by AS "resolvedBy", l.note`;

/** A page, newest first. Parameters after the filter's: the id before it, page size. Each filter gets its own plan. */
export const LIST_DEAD_LETTERS: Statement = {
  name: 'dead-letters-list',
  plan: 'each_time',
  text: `
    SELECT ${DEAD_LETTER} FROM dead_letters l
    WHERE ${fitsFilter(1)} AND ($${FILTER_LENGTH + 1}::uuid IS NULL OR l.id < $${FILTER_LENGTH + 1})
    ORDER BY l.id DESC LIMIT $${FILTER_LENGTH + 2}`,
};

/** One dead letter with what a human needs to know of its notification. $2: codes after which it may have arrived. */
export const FIND_DEAD_LETTER: Statement = {
  name: 'dead-letters-find',
  plan: 'each_time',
  text: `
    SELECT ${DEAD_LETTER}, coalesce(d.changes ->> 'to', n.recipient) AS "to", n.channels,
      n.status AS "notificationStatus", n.created_at AS "createdAt", n.expires_at AS "expiresAt",
      coalesce(n.expires_at <= service_now(), false) AS expired,
      coalesce(d.changes -> 'content', n.content) IS NOT NULL AS "contentKept",
      ${maybeAccepted('n', 'd.changes', '$2::int[]')} AS "maybeAccepted"
    FROM dead_letters l
    JOIN notifications n ON n.id = l.notification_id
    JOIN deliveries d ON d.id = l.delivery_id
    WHERE l.id = $1`,
};
