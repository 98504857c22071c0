/**
 * The incident to which a dead letter belongs; null if none. An incident that has ended has counted its dead letters
 * already. Work that its faults left open and that is answered only after its end is assigned to it here, by the start
 * of the attempt.
 * @param row an alias of rows with `error_class`, `channel` and `attempt_started_at`
 * @param windowMs a parameter: how long before its recognition an attempt belongs to an incident, in milliseconds
 */
export function causeIncident(row: string, windowMs: string): string {
  return `CASE WHEN ${row}.error_class = 'provider_fault' THEN (
          SELECT c.id FROM incidents c
          WHERE ${row}.channel = ANY (c.resources) AND ${row}.attempt_started_at <= c.ended_at
            AND ${row}.attempt_started_at >= c.started_at - ${windowMs} * interval '1 millisecond'
          ORDER BY c.id DESC LIMIT 1) END`;
}
