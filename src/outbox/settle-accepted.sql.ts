import type { Statement } from '../database/database.js';
import { legalFrom, WORKED_ON } from '../policy/transitions.js';
import { leasedWith, NO_LEASE_NOR_PASS } from './row-state.sql.js';

/**
 * The place of row `o` in the arrays of results: the ids in $1 are sorted, so width_bucket finds it by binary search,
 * where array_position would compare every id before it.
 */
const RESULT = 'width_bucket(o.notification_id, $1::uuid[])';
/** The row's lease and its wait for a receipt, from the result about it. */
const LEASE_TOKEN = `($3::uuid[])[${RESULT}]`;
const AWAIT_MS = `($12::int[])[${RESULT}]`;

/**
 * For an input row whose attempt is on disk as accepted, without contradicting this result: `settled` if this very
 * answer is there, from a write whose reply was lost (a callback knows neither its status nor its duration); otherwise
 * `stale`.
 */
const KNOWN = `(
        SELECT CASE WHEN a.http_status = input.http_status AND a.duration_ms = input.duration_ms
            AND a.provider_request_id IS NOT DISTINCT FROM input.provider_request_id THEN 'settled' ELSE 'stale' END
        FROM attempts a
        WHERE a.id = input.attempt_id AND a.outcome = 'accepted'
          AND (a.provider_sid = input.provider_sid OR input.http_status IS NULL) LIMIT 1)`;

/**
 * Records accepted attempts: the attempt with its sid, and the notification's move to `sent`. The outbox row goes, or
 * stays to watch for the delivery if the client set fallbackAfterSeconds. Returns the notifications whose lease had
 * moved on, with how the acceptance is `known`: these do not move. If a callback recorded it first, what only an answer
 * knows is added.
 *
 * Rows are found by an array of their ids, and nothing is joined: the outbox is empty one minute and holds a million
 * rows the next, and a plan made for the empty one joins every row with every result (docs/decisions/0008-growth.md).
 */
export const SETTLE_ACCEPTED: Statement = {
  name: 'outbox-settle-accepted',
  plan: 'once',
  text: `
    WITH input AS (
      SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $4::uuid[], $5::smallint[], $6::float8[], $7::int[], $8::smallint[],
        $9::text[], $10::text[], $11::boolean[], $12::int[]
      ) AS t (notification_id, delivery_id, attempt_id, number, started_ms, duration_ms, http_status,
              provider_sid, provider_request_id, possible_duplicate, await_ms)
    ), done AS (
      DELETE FROM outbox o
      WHERE o.notification_id = ANY (ARRAY(SELECT notification_id FROM input WHERE await_ms IS NULL))
        AND ${leasedWith(LEASE_TOKEN, 'o')}
      RETURNING o.notification_id
    ), awaiting AS (
      UPDATE outbox o SET stage = 'await_delivery', due_at = service_now() + ${AWAIT_MS} * interval '1 millisecond',
        attempt_id = NULL, attempt_started_at = NULL, ${NO_LEASE_NOR_PASS}
      WHERE o.notification_id = ANY (ARRAY(SELECT notification_id FROM input WHERE await_ms IS NOT NULL))
        AND ${leasedWith(LEASE_TOKEN, 'o')}
      RETURNING o.notification_id
    ), held AS (
      SELECT notification_id FROM done UNION ALL SELECT notification_id FROM awaiting
    ), recorded AS (
      INSERT INTO attempts (id, notification_id, delivery_id, number, started_at, duration_ms, outcome, http_status,
        provider_sid, provider_request_id, possible_duplicate)
      SELECT attempt_id, notification_id, delivery_id, number, to_timestamp(started_ms / 1000), duration_ms, 'accepted', http_status,
        provider_sid, provider_request_id, possible_duplicate
      FROM input WHERE notification_id IN (SELECT notification_id FROM held) OR ${KNOWN} IS NOT NULL
      ON CONFLICT (id) DO UPDATE SET outcome = 'accepted',
        -- What was found in the provider's list may be another attempt's: it takes no proven sid away.
        provider_sid = CASE WHEN EXCLUDED.http_status IS NULL AND attempts.outcome = 'accepted' THEN attempts.provider_sid
          ELSE EXCLUDED.provider_sid END,
        -- A callback wrote the attempt first; only an answer knows these.
        http_status = coalesce(EXCLUDED.http_status, attempts.http_status),
        provider_request_id = coalesce(EXCLUDED.provider_request_id, attempts.provider_request_id),
        duration_ms = CASE WHEN EXCLUDED.http_status IS NULL THEN attempts.duration_ms ELSE EXCLUDED.duration_ms END,
        possible_duplicate = EXCLUDED.possible_duplicate
    ), moved AS (
      UPDATE notifications SET status = 'sent', updated_at = service_now()
      WHERE id = ANY (ARRAY(SELECT notification_id FROM held)) AND ${legalFrom('status', WORKED_ON, 'sent')}
    )
    SELECT notification_id AS "notificationId", ${KNOWN} AS known FROM input
    WHERE notification_id NOT IN (SELECT notification_id FROM held)`,
};
