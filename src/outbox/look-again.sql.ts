/**
 * Lets retention look again at notifications whose words it has deleted already: new ones have come, with a correction, an
 * answer or a callback. In order, so that two who tell of the same ones wait for each other instead of both failing.
 * @param ids a query for the ids of notifications, as `notification_id`
 */
export function lookAgainAt(ids: string): string {
  return `INSERT INTO body_retention_later (notification_id)
      SELECT DISTINCT notification_id FROM (${ids}) AS emptied ORDER BY notification_id
      ON CONFLICT DO NOTHING`;
}
