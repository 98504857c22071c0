/**
 * The last failed or unknown attempt of a delivery, as the id of its failure; null where it has none. Row by row, by index.
 * @param row an alias of rows with `notification_id` and `delivery_id`
 */
export function lastFailureOf(row: string): string {
  return `(SELECT l.id FROM failures l WHERE l.notification_id = ${row}.notification_id
            AND l.delivery_id = ${row}.delivery_id AND l.callback_id IS NULL ORDER BY l.at DESC, l.id DESC LIMIT 1)`;
}

/**
 * Where deliveries are called off, their last failure shows what came of it, no longer what was to come.
 * @param ended the name of a query with `notification_id` and `delivery_id`
 * @param reason why nothing follows any more
 */
export function concludeLastFailure(ended: string, reason: string): string {
  return `UPDATE failures f SET next_step = '${JSON.stringify({ kind: 'none', reason })}'
      WHERE f.id = ANY (ARRAY(SELECT ${lastFailureOf(ended)} FROM ${ended}))`;
}
