import type { Statement } from '../database/database.js';
import { legalMove } from '../policy/transitions.js';
import { recipientMemory } from './recipient-memory.sql.js';

/**
 * How long a category stands back behind the ones before it, in seconds: a waiting row of a lower category overtakes
 * once it is this much older. So otp goes first, and nobody starves.
 */
const STANDS_BACK = `(ARRAY[0, 15, 60, 600])[priority + 1] * interval '1 second'`;

/** What was scheduled is due now: it is queued and sent in one. */
const DUE = { from: 'scheduled', through: 'queued' } as const;

/**
 * Claims due work, at most $1 rows: the oldest of each priority in index order, then by category and age.
 *
 * The ids are collected by a materialised query and an array, not a join: a plan made before the table was ever
 * analysed cannot over-claim or turn slow. For the same reason everything else is looked up by id, row by row
 * (docs/decisions/0008-growth.md).
 */
export const CLAIM: Statement = {
  name: 'outbox-claim',
  plan: 'once',
  text: `
    WITH candidate AS MATERIALIZED (
      SELECT due.* FROM generate_series(0, 3) AS p (priority), LATERAL (
        SELECT notification_id, priority, due_at FROM outbox o
        WHERE o.priority = p.priority AND o.due_at <= service_now()
          AND o.lease_token IS NULL AND o.held_by IS NULL AND o.stage <> 'await_delivery'
          -- What has expired before it was sent is not sent; an open question is still answered.
          AND (o.stage <> 'send' OR o.expires_at IS NULL OR o.expires_at > service_now())
        ORDER BY o.due_at LIMIT $1 FOR UPDATE SKIP LOCKED
      ) AS due
    ), leased AS (
      UPDATE outbox SET
        lease_token = $2, lease_owner = $3, leased_until = service_now() + $4 * interval '1 millisecond',
        attempt_id = CASE stage WHEN 'send' THEN new_uuid_v7() ELSE attempt_id END,
        attempt_started_at = CASE stage WHEN 'send' THEN service_now() ELSE attempt_started_at END,
        attempts = attempts + CASE stage WHEN 'send' THEN 1 ELSE 0 END
      WHERE notification_id = ANY (ARRAY(
        SELECT notification_id FROM candidate ORDER BY due_at + ${STANDS_BACK} LIMIT $1))
      RETURNING *
    ), moved AS (
      UPDATE notifications SET status = 'sending', updated_at = service_now()
      WHERE id = ANY (ARRAY(SELECT notification_id FROM leased)) AND ${legalMove('status', 'sending', DUE)}
    ), started AS (
      UPDATE deliveries SET status = 'sending', started_at = coalesce(started_at, service_now())
      WHERE id = ANY (ARRAY(SELECT delivery_id FROM leased)) AND ${legalMove('status', 'sending', DUE)}
    )
    SELECT l.notification_id AS "notificationId", l.delivery_id AS "deliveryId", n.client_id AS "clientId", l.channel,
      n.channels,
      CASE WHEN d.number > 1 THEN
        (SELECT array_agg(e.channel) FROM deliveries e WHERE e.notification_id = n.id AND e.number < d.number)
      END AS tried,
      n.recipient, l.sender, n.category, n.content, d.changes, n.on_unknown AS "onUnknown",
      n.fallback_after_seconds AS "fallbackAfterSeconds", l.expires_at AS "expiresAt", n.created_at AS "createdAt",
      l.stage, l.attempt_id AS "attemptId", l.attempt_started_at AS "attemptStartedAt", l.attempts AS "attemptNumber",
      l.retries, l.waited_ms AS "waitedMs", l.lookups, l.exhausted, l.possible_duplicate AS "possibleDuplicate",
      l.probe, l.released_by AS "releasedBy", l.lease_token AS "leaseToken", service_now() AS now,
      ${recipientMemory("coalesce(d.changes ->> 'to', n.recipient)", 'l.sender', 'l.channel')}
    FROM leased l
    CROSS JOIN LATERAL (SELECT * FROM notifications WHERE id = l.notification_id LIMIT 1) AS n
    CROSS JOIN LATERAL (SELECT * FROM deliveries WHERE id = l.delivery_id LIMIT 1) AS d`,
};

/** When the next work falls due, in milliseconds from now; null when nothing waits for a time. */
export const NEXT_DUE: Statement = {
  name: 'outbox-next-due',
  text: `
    SELECT extract(epoch FROM min(next.due_at) - service_now()) * 1000 AS "inMs"
    FROM generate_series(0, 3) AS p (priority), LATERAL (
      SELECT due_at FROM outbox o
      WHERE o.priority = p.priority AND o.lease_token IS NULL AND o.held_by IS NULL AND o.stage <> 'await_delivery'
      ORDER BY o.due_at LIMIT 1
    ) AS next`,
};
