/**
 * Makes retention look again at notifications whose words it has deleted: a correction, an answer or a callback has
 * brought new ones. Sorted, so that two writers about the same notifications wait for each other instead of
 * deadlocking.
 * @param ids a query for the ids of notifications, as `notification_id`
 */
export function lookAgainAt(ids: string): string {
  return `INSERT INTO body_retention_later (notification_id)
      SELECT DISTINCT notification_id FROM (${ids}) AS emptied ORDER BY notification_id
      ON CONFLICT DO NOTHING`;
}
