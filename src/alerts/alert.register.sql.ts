import type { Statement } from '../database/database.js';
import { isWorse } from './severity.sql.js';

/** True if only a failed send is reported now, after the cause itself has said what happened. */
const FROM_A_VICTIM = `a.ends = 'with_its_cause' AND EXCLUDED.ends = 'when_quiet'`;

/**
 * Opens the alert of a cause, or adds to the one that is open: whoever comes second adds. What the cause itself says
 * ($8 = with_its_cause) is not overwritten by what its victims say, and an alert stays as bad as it was at its worst.
 * A circuit opens after a wait for its turn ($11), a moment later than the transaction began.
 */
export const RAISE: Statement = {
  name: 'alerts-raise',
  text: `
    INSERT INTO alerts AS a (id, cause, kind, subject_id, severity, summary, advice, ends, facts, count, opened_at,
      last_seen_at, updated_at)
    VALUES (new_uuid_v7(), $1, $2, $3, $4, $5, $6, $8, $7, $9, coalesce($11, service_now()), greatest(service_now(), $11),
      service_now())
    ON CONFLICT (cause) WHERE resolved_at IS NULL DO UPDATE SET
      severity = CASE WHEN ${isWorse('EXCLUDED.severity', 'a.severity')} THEN EXCLUDED.severity ELSE a.severity END,
      summary = CASE WHEN ${FROM_A_VICTIM} THEN a.summary ELSE EXCLUDED.summary END,
      advice = CASE WHEN ${FROM_A_VICTIM} THEN a.advice ELSE EXCLUDED.advice END,
      facts = CASE WHEN ${FROM_A_VICTIM} THEN a.facts ELSE EXCLUDED.facts END,
      ends = CASE WHEN a.ends = 'with_its_cause' THEN a.ends ELSE EXCLUDED.ends END,
      subject_id = coalesce(EXCLUDED.subject_id, a.subject_id),
      count = CASE WHEN $10 THEN EXCLUDED.count ELSE a.count + EXCLUDED.count END,
      last_seen_at = EXCLUDED.last_seen_at, updated_at = EXCLUDED.updated_at, version = a.version + 1
    RETURNING a.id`,
};

/**
 * More sends wait for something that on-call knows of. Does nothing if no alert about it is open, or if the circuit now
 * holds them for another reason, since that alert may end.
 */
export const ADD_HELD: Statement = {
  name: 'alerts-add-held',
  text: `
    UPDATE alerts SET count = count + $2, last_seen_at = service_now(), updated_at = service_now(), version = version + 1
    WHERE subject_id = $1 AND resolved_at IS NULL
      AND NOT EXISTS (SELECT FROM circuits c WHERE c.id = $1 AND c.cause <> alerts.kind)`,
};

export const RESOLVE: Statement = {
  name: 'alerts-resolve',
  text: `
    UPDATE alerts SET resolved_at = greatest(coalesce($3, service_now()), opened_at), ending = $2,
      updated_at = service_now(), version = version + 1
    WHERE cause = $1 AND resolved_at IS NULL`,
};

/**
 * Ends alerts that have been quiet for $1 minutes (with the ending $2), and tests after $3 minutes ($4). An alert that
 * is changing right now is not quiet.
 */
export const RESOLVE_QUIET: Statement = {
  name: 'alerts-resolve-quiet',
  text: `
    UPDATE alerts SET resolved_at = service_now(), ending = CASE kind WHEN 'test' THEN $4 ELSE $2 END, updated_at = service_now(), version = version + 1
    WHERE id = ANY (ARRAY(
      SELECT id FROM alerts
      WHERE resolved_at IS NULL AND ends = 'when_quiet'
        AND last_seen_at < service_now() - CASE kind WHEN 'test' THEN $3::int ELSE $1::int END * interval '1 minute'
      FOR UPDATE SKIP LOCKED))`,
};

/**
 * Takes the turn to look after the alerts, for one replica every $1 ms. A turn that lies as far ahead was taken before the
 * database's clock was set back.
 */
export const TAKE_TURN: Statement = {
  name: 'alerts-take-turn',
  text: `
    UPDATE alert_watch SET looked_at = service_now()
    WHERE looked_at NOT BETWEEN service_now() - $1 * interval '1 millisecond'
      AND service_now() + $1 * interval '1 millisecond'
    RETURNING looked_at`,
};

/** Deletes a page of alerts that have been over for $1 days, with what their sinks were told. */
export const FORGET: Statement = {
  name: 'alerts-forget',
  text: `
    DELETE FROM alerts WHERE id = ANY (ARRAY(
      SELECT id FROM alerts WHERE resolved_at < service_now() - $1 * interval '1 day'
      ORDER BY resolved_at LIMIT 500 FOR UPDATE SKIP LOCKED))`,
};
