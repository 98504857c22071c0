import { ADVISORY_LOCK } from '../database/advisory-locks.js';
import type { Statement } from '../database/database.js';
import { THIS_MOMENT } from './incident.timeline.sql.js';

const COLUMNS = `id, scope, state, cause, reason, opened_at AS "openedAt", next_probe_at AS "nextProbeAt", backoff,
  wait_ms::float8 AS "waitMs", released, credentials, incident_id AS "incidentId",
  recovered_from AS "recoveredFrom", changed_at AS "changedAt"`;

/** Inserts the circuits known from the start, as closed. */
export const SEED_CIRCUITS: Statement = {
  name: 'circuits-seed',
  text: `
    INSERT INTO circuits (id, scope, state) SELECT id, scope, 'closed' FROM unnest($1::uuid[], $2::text[]) AS t (id, scope)
    ORDER BY id ON CONFLICT DO NOTHING`,
};

export const LOAD_CIRCUITS: Statement = {
  name: 'circuits-load',
  text: `SELECT ${COLUMNS}, service_now() AS now FROM circuits`,
};

export const LIST_CIRCUITS: Statement = {
  name: 'circuits-list',
  text: `SELECT ${COLUMNS} FROM circuits WHERE scope > $1 ORDER BY scope LIMIT $2`,
};

export const FIND_CIRCUIT: Statement = {
  name: 'circuits-find',
  text: `SELECT ${COLUMNS} FROM circuits WHERE id = $1`,
};

/** Circuits and incidents change rarely and together, so changes are serialized: no two can deadlock. */
export const ONE_CHANGE_AT_A_TIME: Statement = {
  name: 'circuits-one-change',
  text: `SELECT pg_advisory_xact_lock(${ADVISORY_LOCK.circuits})`,
};

/** Locks a circuit's row, inserting it if the scope is new. */
export const LOCK_CIRCUIT: Statement = {
  name: 'circuits-lock',
  text: `
    INSERT INTO circuits (id, scope, state) VALUES ($1, $2, 'closed')
    ON CONFLICT (id) DO UPDATE SET scope = EXCLUDED.scope
    RETURNING ${COLUMNS}, ${THIS_MOMENT} AS now`,
};

/** A ramp restarts only when the circuit opens; closing continues from the step reached. */
export const WRITE_CIRCUIT: Statement = {
  name: 'circuits-write',
  text: `
    UPDATE circuits SET
      ramp = CASE WHEN $2 = 'open' OR state = 'open' THEN 0 ELSE ramp END,
      released = CASE WHEN $2 = 'open' AND state = 'closed' THEN 0 ELSE released END,
      state = $2, cause = $3, reason = $4, opened_at = $5, next_probe_at = $6, backoff = $7, wait_ms = $8, credentials = $9,
      incident_id = $10, changed_at = $11, recovered_from = $12
    WHERE id = $1`,
};

export const ANNOUNCE_CIRCUITS: Statement = {
  name: 'circuits-announce',
  text: `SELECT pg_notify('postrider_circuits', '')`,
};

/** Claims the due probe for one replica and makes the next one due $2 ms later. Returns no row to the others. */
export const TAKE_PROBE: Statement = {
  name: 'circuits-take-probe',
  text: `
    UPDATE circuits SET next_probe_at = service_now() + $2 * interval '1 millisecond'
    WHERE id = $1 AND state = 'open' AND next_probe_at <= service_now()
    RETURNING next_probe_at AS "nextProbeAt"`,
};

/** Gives a claimed probe back: there was nothing to probe with. */
export const GIVE_PROBE_BACK: Statement = {
  name: 'circuits-give-probe-back',
  text: `UPDATE circuits SET next_probe_at = service_now() WHERE id = $1 AND state = 'open' AND next_probe_at IS NOT NULL`,
};

/**
 * Claims the next ramp step for one replica: twice the rows of the previous step, at most $3. The next is due $2 ms
 * later.
 */
export const TAKE_STEP: Statement = {
  name: 'circuits-take-step',
  text: `
    UPDATE circuits SET next_probe_at = service_now() + $2 * interval '1 millisecond',
      ramp = least(greatest(ramp * 2, 1), $3)
    WHERE id = $1 AND state <> 'open' AND (next_probe_at IS NULL OR next_probe_at <= service_now())
    RETURNING ramp`,
};

export const COUNT_RELEASED: Statement = {
  name: 'circuits-count-released',
  text: `UPDATE circuits SET released = released + $2 WHERE id = $1`,
};
