import type { Statement } from '../database/database.js';
import { STILL_WANTED } from './still-wanted.sql.js';

const RELEASED = 'notification_id AS "notificationId", channel, sender';

/** Lets held work out again: the first rows of a circuit or pace in priority order, at most $2. */
export const RELEASE_HELD: Statement = {
  name: 'outbox-release-held',
  plan: 'each_time',
  text: `
    UPDATE outbox SET held_by = NULL, released_by = $1, released_at = service_now(), due_at = least(due_at, service_now())
    WHERE notification_id = ANY (ARRAY(
      SELECT notification_id FROM outbox WHERE held_by = $1 AND ${STILL_WANTED}
      ORDER BY priority, due_at LIMIT $2 FOR UPDATE SKIP LOCKED))
    RETURNING ${RELEASED}`,
};

/**
 * Lets one held row past its open circuit, to try whether the circuit may close: the first in priority order that has
 * something to send, or with $2 any, so also one whose last attempt must be looked up first.
 */
export const RELEASE_PROBE: Statement = {
  name: 'outbox-release-probe',
  plan: 'each_time',
  text: `
    UPDATE outbox SET held_by = NULL, released_by = $1, released_at = service_now(), probe = true,
      due_at = least(due_at, service_now())
    WHERE notification_id = ANY (ARRAY(
      SELECT notification_id FROM outbox
      WHERE held_by = $1 AND (stage = 'send' OR $2) AND ${STILL_WANTED}
      ORDER BY priority, due_at LIMIT 1 FOR UPDATE SKIP LOCKED))
    RETURNING ${RELEASED}`,
};

/** How much work each circuit or pace holds. */
export const COUNT_HELD: Statement = {
  name: 'outbox-count-held',
  text: `SELECT held_by AS "heldBy", count(*)::int AS count FROM outbox WHERE held_by IS NOT NULL GROUP BY held_by`,
};

/** Which circuits and paces hold anything: hops from one to the next in the index, however much each of them holds. */
export const HOLDERS: Statement = {
  name: 'outbox-holders',
  plan: 'each_time',
  text: `
    WITH RECURSIVE holder AS (
      (SELECT held_by FROM outbox WHERE held_by IS NOT NULL ORDER BY held_by LIMIT 1)
      UNION ALL
      SELECT (SELECT o.held_by FROM outbox o WHERE o.held_by IS NOT NULL AND o.held_by > h.held_by
              ORDER BY o.held_by LIMIT 1)
      FROM holder h WHERE h.held_by IS NOT NULL
    )
    SELECT held_by AS "heldBy" FROM holder WHERE held_by IS NOT NULL`,
};
