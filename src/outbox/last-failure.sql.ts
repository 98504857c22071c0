/**
 * For a WHERE on failures `f`: the last failed or unknown attempt of each of these deliveries. Restricted to their
 * notifications as well: while the table is small, a plan may look for ids in any index of it.
 * @param ended a query's name and conditions; its rows have `notification_id` and `delivery_id`
 * @param row an alias of its rows
 */
export function lastFailuresOf(ended: string, row: string): string {
  return `f.notification_id = ANY (ARRAY(SELECT notification_id FROM ${ended}))
        AND f.id = ANY (ARRAY(SELECT ${lastFailureOf(row)} FROM ${ended}))`;
}

/** Null if there is none. Sorted after the look-up: to get its order, the whole index on time might be read. */
function lastFailureOf(row: string): string {
  return `(SELECT l.id FROM (
            SELECT id, at FROM failures WHERE notification_id = ${row}.notification_id
              AND delivery_id = ${row}.delivery_id AND callback_id IS NULL OFFSET 0
          ) AS l ORDER BY l.at DESC, l.id DESC LIMIT 1)`;
}

/**
 * When deliveries are called off, makes their last failure show what came of it instead of what was planned.
 * @param ended the name of a query with `notification_id` and `delivery_id`
 * @param reason why nothing follows any more
 */
export function concludeLastFailure(ended: string, reason: string): string {
  return `UPDATE failures f SET next_step = '${JSON.stringify({ kind: 'none', reason })}'
      WHERE ${lastFailuresOf(ended, ended)}`;
}
