import type { Statement } from '../database/database.js';

/** An outage may leave a million dead letters, and each replica counts them every few seconds. */
const MOST_DEAD_LETTERS = 100_000;

/**
 * What is open now, counted by closed sets; of sinks only those that are configured ($1). Ids are in order of time. The
 * oldest dead letter is asked for in the order of the index on states, which no other can serve: after an outage, many
 * are open, and the primary key would seem to lead to one soon, through all that were resolved before.
 */
export const READINGS: Statement = {
  name: 'metrics-readings',
  text: `
    SELECT
      (SELECT coalesce(json_agg(c), '[]') FROM (
        SELECT split_part(scope, ':', 1) AS scope, cause, count(*)::int AS count
        FROM circuits WHERE state <> 'closed' GROUP BY 1, 2) AS c) AS circuits,
      (SELECT count(*)::int FROM incidents WHERE ended_at IS NULL) AS incidents,
      (SELECT count(*)::int FROM (
        SELECT FROM dead_letters WHERE state = 'open' LIMIT ${MOST_DEAD_LETTERS}) AS d) AS "deadLetters",
      coalesce((
        SELECT greatest(0, extract(epoch FROM service_now() - opened_at))::float8
        FROM dead_letters WHERE state = ANY ('{open}') ORDER BY state, id LIMIT 1), 0) AS "oldestDeadLetterSeconds",
      (SELECT coalesce(json_agg(a), '[]') FROM (
        SELECT severity, count(*)::int AS count FROM alerts WHERE resolved_at IS NULL GROUP BY 1) AS a) AS alerts,
      (SELECT coalesce(json_agg(s), '[]') FROM (
        SELECT sink, count(*)::int AS count FROM alert_deliveries
        WHERE sink = ANY ($1) AND told IS DISTINCT FROM 'resolved' AND (failures > 0 OR parked_at IS NOT NULL) GROUP BY 1) AS s) AS sinks`,
};
