import type { Statement } from '../database/database.js';
import { RESOURCE_PREFIX } from './circuit.scope.js';

/** Whole seconds would be too coarse for a window of one second. */
const BUCKET = `date_bin('250 milliseconds', service_now(), 'epoch')`;

/** Adds a replica's counts to its own row for the current bucket. */
export const ADD_HEALTH: Statement = {
  name: 'health-add',
  text: `
    INSERT INTO provider_health (owner, resource, at, attempts, faults)
    SELECT $1, t.resource, ${BUCKET}, t.attempts, t.faults
    FROM unnest($2::text[], $3::int[], $4::int[]) AS t (resource, attempts, faults)
    ON CONFLICT (at, resource, owner) DO UPDATE SET
      attempts = provider_health.attempts + EXCLUDED.attempts, faults = provider_health.faults + EXCLUDED.faults`,
};

/**
 * The counts of all replicas over the last $1 ms for resources whose circuits are closed, from when they closed:
 * earlier faults are over, and resources that are stopped or recovering are no news. Also tells whether an incident is
 * open.
 */
export const READ_HEALTH: Statement = {
  name: 'health-read',
  text: `
    SELECT h.resource, sum(h.attempts)::int AS attempts, sum(h.faults)::int AS faults,
      EXISTS (SELECT FROM incidents WHERE ended_at IS NULL) AS "isRunning"
    FROM provider_health h LEFT JOIN circuits c ON c.scope = '${RESOURCE_PREFIX}' || h.resource
    WHERE h.at > service_now() - $1 * interval '1 millisecond' - interval '250 milliseconds'
      AND (c.state IS NULL OR c.state = 'closed' AND h.at >= c.changed_at)
    GROUP BY h.resource ORDER BY h.resource`,
};

export const FORGET_HEALTH: Statement = {
  name: 'health-forget',
  text: `DELETE FROM provider_health WHERE at < service_now() - $1 * interval '1 millisecond'`,
};
