import type { Statement } from '../database/database.js';
import { isOneOf, WORKED_ON } from '../policy/transitions.js';
import { recipientMemory } from '../recipients/remembered.sql.js';
import { EACH_PRIORITY, STANDS_BACK } from './priority.sql.js';
import { NEXT_ATTEMPT } from './row-state.sql.js';
import { STILL_WANTED } from './still-wanted.sql.js';
import { countsAsTried } from './tried.sql.js';

/** What a dispatcher may claim, now or when it is due, in the words of the index from which it is read. */
const CLAIMABLE = `lease_token IS NULL AND held_by IS NULL AND stage <> 'await_delivery' AND ${STILL_WANTED}`;

/** A time in microseconds since 1970, computed as a double, which is exact to the microsecond until the year 2106. */
const micros = (time: string) => `(date_part('epoch', ${time}) * 1000000)::bigint`;

/**
 * Claims due work, at most $1 rows: the oldest of each priority in index order, then by category and age. Writes only
 * the lease: a leased row is what `sending` means (docs/decisions/0010-sending-is-a-lease.md).
 *
 * The ids are collected by a materialised query and an array, not a join: a plan made before the table was ever
 * analysed can neither over-claim nor turn slow. For the same reason everything else is looked up by id, row by row
 * (docs/decisions/0008-growth.md). The attempts' ids ($5) come from the caller: making one here costs as much as
 * leasing the row. The array is sorted, so width_bucket finds a row's place in it by binary search.
 */
export const CLAIM: Statement = {
  name: 'outbox-claim',
  plan: 'once',
  text: `
    WITH candidate AS MATERIALIZED (
      SELECT due.* FROM ${EACH_PRIORITY}, LATERAL (
        SELECT notification_id, priority, due_at FROM outbox o
        WHERE o.priority = p.priority AND o.due_at <= service_now() AND ${CLAIMABLE}
        ORDER BY o.due_at LIMIT $1 FOR UPDATE SKIP LOCKED
      ) AS due
    ), picked AS MATERIALIZED (
      SELECT ARRAY(SELECT notification_id FROM (
        SELECT notification_id FROM candidate ORDER BY due_at + ${STANDS_BACK} LIMIT $1
      ) AS first ORDER BY notification_id) AS ids
    ), leased AS (
      UPDATE outbox SET
        lease_token = $2, lease_owner = $3, leased_until = service_now() + $4 * interval '1 millisecond',
        attempt_id = CASE stage
          WHEN 'send' THEN ($5::uuid[])[width_bucket(notification_id, (SELECT ids FROM picked))]
          ELSE attempt_id END,
        attempt_started_at = CASE stage WHEN 'send' THEN service_now() ELSE attempt_started_at END,
        attempts = CASE stage WHEN 'send' THEN ${NEXT_ATTEMPT} ELSE attempts END
      WHERE notification_id = ANY ((SELECT ids FROM picked)::uuid[])
      RETURNING *
    )
    SELECT l.notification_id AS "notificationId", l.delivery_id AS "deliveryId", n.client_id AS "clientId", l.channel,
      array_to_string(n.channels, ',') AS channels, n.recipient, l.sender, n.category,
      date_part('epoch', l.due_at + ${STANDS_BACK}) AS turn, n.content,
      n.on_unknown AS "onUnknown", n.fallback_after_seconds AS "fallbackAfterSeconds", ${micros('l.expires_at')} AS "expiresAt",
      ${micros('n.created_at')} AS "createdAt", l.attempt_id AS "attemptId",
      ${micros('l.attempt_started_at')} AS "attemptStartedAt",
      CASE WHEN l.stage <> 'send' OR l.attempts > 1 OR l.possible_duplicate OR l.probe OR l.released_by IS NOT NULL
        OR l.delivery_number IS DISTINCT FROM 1 THEN
        json_build_object('stage', l.stage, 'attemptNumber', l.attempts, 'retries', l.retries, 'waitedMs', l.waited_ms,
          'lookups', l.lookups, 'exhausted', l.exhausted, 'possibleDuplicate', l.possible_duplicate, 'probe', l.probe,
          'releasedBy', l.released_by, 'tried', d.tried, 'changes', d.changes,
          'over', NOT ${isOneOf('n.status', WORKED_ON)})
      END AS course,
      ${recipientMemory("coalesce(d.changes ->> 'to', n.recipient)", 'l.sender', 'l.channel')}
    FROM leased l
    CROSS JOIN LATERAL (SELECT * FROM notifications WHERE id = l.notification_id LIMIT 1) AS n
    LEFT JOIN LATERAL (
      SELECT changes, (
        SELECT json_agg(e.channel) FROM deliveries e
        WHERE e.notification_id = l.notification_id AND e.number < f.number AND ${countsAsTried('e')}
      ) AS tried
      FROM deliveries f WHERE f.id = l.delivery_id AND l.delivery_number IS DISTINCT FROM 1 LIMIT 1
    ) AS d ON true`,
};

/** When the next work falls due, in milliseconds from now; null if no work waits for a time. */
export const NEXT_DUE: Statement = {
  name: 'outbox-next-due',
  text: `
    SELECT extract(epoch FROM min(next.due_at) - service_now()) * 1000 AS "inMs"
    FROM ${EACH_PRIORITY}, LATERAL (
      SELECT due_at FROM outbox o
      WHERE o.priority = p.priority AND ${CLAIMABLE}
      ORDER BY o.due_at LIMIT 1
    ) AS next`,
};
