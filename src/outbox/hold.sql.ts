import type { Statement } from '../database/database.js';

/** Lets held work out again: the first rows of a circuit in priority order, at most $2; marks them as probes if $3. */
export const RELEASE_HELD: Statement = {
  name: 'outbox-release-held',
  prepared: false,
  text: `
    UPDATE outbox SET held_by = NULL, probe = $3, due_at = least(due_at, service_now())
    WHERE notification_id = ANY (ARRAY(
      SELECT notification_id FROM outbox WHERE held_by = $1 AND (expires_at IS NULL OR expires_at > service_now())
      ORDER BY priority, due_at LIMIT $2 FOR UPDATE SKIP LOCKED))
    RETURNING notification_id AS "notificationId"`,
};

/** How much work each circuit holds. */
export const COUNT_HELD: Statement = {
  name: 'outbox-count-held',
  text: `SELECT held_by AS "heldBy", count(*)::int AS count FROM outbox WHERE held_by IS NOT NULL GROUP BY held_by`,
};
