import type { Statement } from '../database/database.js';
import { THIS_MOMENT } from './incident.timeline.sql.js';

/** At most one incident is open, so a second opener inserts nothing. */
export const OPEN_INCIDENT: Statement = {
  name: 'incident-open',
  text: `
    INSERT INTO incidents (id, started_at, resources, cause) VALUES (new_uuid_v7(), ${THIS_MOMENT}, $1, $2)
    ON CONFLICT ((true)) WHERE ended_at IS NULL DO NOTHING
    RETURNING id, started_at AS "startedAt"`,
};

/** Adds resources to the open incident. */
export const EXTEND_INCIDENT: Statement = {
  name: 'incident-extend',
  text: `
    UPDATE incidents SET resources = resources || ARRAY(SELECT unnest($1::text[]) EXCEPT SELECT unnest(resources))
    WHERE ended_at IS NULL
    RETURNING id`,
};
