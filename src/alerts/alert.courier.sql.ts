import type { Statement } from '../database/database.js';
import { isWorse } from './severity.sql.js';

/**
 * Gives the sinks $1 rows for the alerts for which they have none: open ones, and any that were over before anyone
 * looked. By id, since it runs twice a second.
 */
export const ENROL: Statement = {
  name: 'alert-courier-enrol',
  text: `
    INSERT INTO alert_deliveries (alert_id, sink)
    SELECT a.id, s.sink
    FROM alerts a CROSS JOIN unnest($1::text[]) AS s (sink)
    WHERE (a.resolved_at IS NULL OR a.resolved_at > service_now() - interval '15 minutes')
      AND (SELECT true FROM alert_deliveries d WHERE d.alert_id = a.id AND d.sink = s.sink LIMIT 1) IS NULL
    ON CONFLICT DO NOTHING`,
};

/** A start is a new chance for news that was given up, even of an alert's end, for which its receiver may wait. */
export const UNPARK: Statement = {
  name: 'alert-courier-unpark',
  text: `
    UPDATE alert_deliveries d SET parked_at = NULL, failing_since = NULL, failures = 0, due_at = service_now()
    WHERE d.told IS DISTINCT FROM 'resolved' AND d.parked_at IS NOT NULL AND d.sink = ANY ($1)`,
};

/** Worse than what the sink was told: this must not wait, since whoever is on call for it does not know. */
const IS_WORSE = isWorse('a.severity', 'd.told_severity');

/**
 * Leases the news for the sinks $1, for each as much as it has room for ($4). There is one row per alert and sink, with
 * one lease, so a sink hears of an alert in order: that it opened, what changed, that it is over. The news is read off
 * the alert at the moment of the claim, so nothing that happens to an alert can be missed, however long a sink was
 * away.
 */
export const CLAIM_NEWS: Statement = {
  name: 'alert-courier-claim',
  text: `
    WITH sinks AS (
      SELECT * FROM unnest($1::text[], $2::int[], $3::int[], $4::int[]) AS t (sink, update_after_ms, repeat_after_ms, room)
    ), due AS MATERIALIZED (
      SELECT news.* FROM sinks s CROSS JOIN LATERAL (
        SELECT d.alert_id, d.sink,
          CASE
            WHEN d.told IS NULL THEN 'opened'
            WHEN a.resolved_at IS NOT NULL THEN 'resolved'
            WHEN a.version > d.told_version THEN 'updated'
            ELSE 'repeated'
          END AS change, d.told_version
        FROM alert_deliveries d CROSS JOIN LATERAL (SELECT * FROM alerts WHERE id = d.alert_id LIMIT 1) AS a
        WHERE d.sink = s.sink
          AND d.told IS DISTINCT FROM 'resolved'
          AND (d.parked_at IS NULL OR a.resolved_at > d.parked_at)
          AND d.due_at <= service_now()
          AND (d.leased_until IS NULL OR d.leased_until < service_now())
          AND (d.told IS NULL
            OR a.resolved_at IS NOT NULL
            OR (a.version > d.told_version
              AND (d.told_at <= service_now() - s.update_after_ms * interval '1 millisecond' OR ${IS_WORSE}))
            OR d.told_at <= service_now() - s.repeat_after_ms * interval '1 millisecond')
        ORDER BY d.due_at
        LIMIT s.room
        FOR UPDATE OF d SKIP LOCKED
      ) AS news
    ), leased AS (
      UPDATE alert_deliveries d SET lease_token = $5, leased_until = service_now() + $6 * interval '1 millisecond',
        failures = CASE WHEN d.parked_at IS NULL THEN d.failures ELSE 0 END,
        failing_since = CASE WHEN d.parked_at IS NULL THEN d.failing_since END,
        parked_at = NULL
      FROM due
      WHERE d.alert_id = ANY (ARRAY(SELECT alert_id FROM due)) AND d.alert_id = due.alert_id AND d.sink = due.sink
      RETURNING d.alert_id, d.sink, d.failures, due.change, due.told_version
    )
    SELECT l.sink, l.failures, l.change, l.told_version AS "toldVersion", a.id, a.version, a.cause, a.kind, a.severity, a.summary, a.advice,
      a.count::float8 AS count, a.facts, a.opened_at AS "openedAt", a.updated_at AS "updatedAt",
      a.resolved_at AS "resolvedAt", a.ending
    FROM leased l CROSS JOIN LATERAL (SELECT * FROM alerts WHERE id = l.alert_id LIMIT 1) AS a
    ORDER BY a.id`,
};

/** The sink $2 took version $5 of the alert, with severity $6. */
export const TOLD: Statement = {
  name: 'alert-courier-told',
  text: `
    UPDATE alert_deliveries SET told = $4, told_version = $5, told_severity = $6, told_at = service_now(), attempts = attempts + 1,
      failures = 0, failing_since = NULL, last_error = NULL, due_at = service_now(),
      lease_token = NULL, leased_until = NULL
    WHERE alert_id = $1 AND sink = $2 AND lease_token = $3`,
};

/** The sink did not: tries again after $5 ms, or parks it after more than $6 hours of failures. */
export const NOT_TOLD: Statement = {
  name: 'alert-courier-not-told',
  text: `
    UPDATE alert_deliveries SET attempts = attempts + 1, failures = failures + 1, last_error = $4,
      failing_since = coalesce(failing_since, service_now()), due_at = service_now() + $5 * interval '1 millisecond',
      parked_at = CASE WHEN failing_since < service_now() - $6 * interval '1 hour' THEN service_now() END,
      lease_token = NULL, leased_until = NULL
    WHERE alert_id = $1 AND sink = $2 AND lease_token = $3
    RETURNING parked_at IS NOT NULL AS parked`,
};

/** The sink $1 asks to be left alone for $2 ms: delays all its news. Skips rows that are just being written. */
export const LEAVE_ALONE: Statement = {
  name: 'alert-courier-leave-alone',
  text: `
    UPDATE alert_deliveries SET due_at = greatest(due_at, service_now() + $2 * interval '1 millisecond')
    WHERE sink = $1 AND alert_id = ANY (ARRAY(
      SELECT alert_id FROM alert_deliveries WHERE sink = $1 AND told IS DISTINCT FROM 'resolved' FOR UPDATE SKIP LOCKED))`,
};
