import type { Statement } from '../database/database.js';
import { firstIdOf } from '../identifiers/first-id.sql.js';
import type { EventKind } from './event.kinds.js';

/**
 * The time of this statement. Changes wait for each other, so the start times of their transactions would not put
 * events in order.
 */
export const THIS_MOMENT = '(clock_timestamp() + (service_now() - now()))';

export const ADD_EVENT: Statement = {
  name: 'incident-add-event',
  text: `INSERT INTO incident_events (id, incident_id, at, kind, sentence) VALUES ($1, $2, ${THIS_MOMENT}, $3, $4)`,
};

/** Adds an event that happened at $5, only while the incident lasts. Waits for a concurrent end of the incident. */
export const ADD_EVENT_WHILE_OPEN: Statement = {
  name: 'incident-add-event-while-open',
  text: `
    INSERT INTO incident_events (id, incident_id, at, kind, sentence)
    SELECT $1, i.id, $5, $3, $4 FROM incidents i WHERE i.id = $2 AND i.ended_at IS NULL FOR SHARE`,
};

/** Adds what the status page says, if it is new and the incident still lasts: reading the page takes seconds. */
export const ADD_STATUS: Statement = {
  name: 'incident-add-status',
  text: `
    INSERT INTO incident_events (id, incident_id, at, kind, sentence)
    SELECT $1, i.id, ${THIS_MOMENT}, 'status_page', $3
    FROM incidents i
    WHERE i.id = $2 AND i.ended_at IS NULL AND $3 IS DISTINCT FROM (
      SELECT sentence FROM incident_events WHERE incident_id = $2 AND kind = 'status_page'
      ORDER BY at DESC, id DESC LIMIT 1)
    FOR SHARE OF i`,
};

/** Keeps the maximum held at once. */
export const NOTE_HELD: Statement = {
  name: 'incident-note-held',
  text: `UPDATE incidents SET held = greatest(held, $2) WHERE id = $1`,
};

/** Counts work that expired while the incident's circuits held it. */
export const COUNT_EXPIRED: Statement = {
  name: 'incident-count-expired',
  text: `UPDATE incidents SET expired = expired + $2 WHERE id = $1`,
};

/** No circuit belongs to the incident `i` any more, so it has to end. */
const IS_OVER = 'i.ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM circuits c WHERE c.incident_id = i.id)';

/** Ends an incident once it is over. Returns no row before that. */
export const END_INCIDENT: Statement = {
  name: 'incident-end',
  text: `
    UPDATE incidents i SET ended_at = ${THIS_MOMENT}
    WHERE i.id = $1 AND ${IS_OVER}
    RETURNING i.started_at AS "startedAt", i.ended_at AS "endedAt", i.resources, i.held, i.expired`,
};

/** Incidents whose end was missed. */
export const OVER_INCIDENTS: Statement = { name: 'incident-over', text: `SELECT id FROM incidents i WHERE ${IS_OVER}` };

/** Dead letters belong to an incident from $2 ms before it was detected until it ended. */
const BEGINNING = `i.started_at - $2 * interval '1 millisecond'`;
const END = 'coalesce(i.ended_at, service_now())';

/**
 * Counts the dead letters of an incident, after adopting those that provider faults opened on its resources during the
 * incident or shortly before. They are found by id, with a harmless margin of a second: reading all dead letters, a
 * year's worth, would keep the incident from opening while the provider is down.
 */
export const COUNT_FAILED: Statement = {
  name: 'incident-count-failed',
  text: `
    WITH adopted AS (
      UPDATE dead_letters d SET incident_id = i.id
      FROM incidents i
      WHERE i.id = $1 AND d.incident_id IS NULL AND d.error_class = 'provider_fault' AND d.channel = ANY (i.resources)
        AND d.id >= ${firstIdOf(`(${BEGINNING} - interval '1 second')`)} AND d.opened_at >= ${BEGINNING}
        AND d.id < ${firstIdOf(`(${END} + interval '1 second')`)} AND d.opened_at <= ${END}
      RETURNING d.id
    )
    SELECT ((SELECT count(*) FROM dead_letters WHERE incident_id = $1) + (SELECT count(*) FROM adopted))::int AS failed`,
};

export interface TimelineEvent {
  readonly incidentId: string;
  readonly at: Date;
  readonly kind: EventKind;
  readonly sentence: string;
  /** The number of all events of its incident. */
  readonly timelineLength: number;
}

/** The newest $2 events of each kind of the incidents $1, oldest first: an outage of a day has ten thousand probes. */
export const TIMELINES: Statement = {
  name: 'incident-timelines',
  text: `
    SELECT incident_id AS "incidentId", at, kind, sentence, "timelineLength"
    FROM (
      SELECT *, row_number() OVER (PARTITION BY incident_id, kind ORDER BY at DESC, id DESC) AS nth,
        count(*) OVER (PARTITION BY incident_id)::int AS "timelineLength"
      FROM incident_events WHERE incident_id = ANY ($1)
    ) AS event
    WHERE nth <= $2 ORDER BY at, id`,
};
