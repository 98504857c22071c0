import type { Statement } from '../database/database.js';
import { STILL_WANTED } from './still-wanted.sql.js';

const RELEASED = 'notification_id AS "notificationId", channel, sender';

/** For an UPDATE of outbox rows: what holds them, $1, releases them for one attempt. */
const RELEASE = 'held_by = NULL, released_by = $1, released_at = service_now(), due_at = least(due_at, service_now())';

/** Releases the first rows that $1 holds, in priority order. */
const releaseFirst = (limit: string) => `
    UPDATE outbox SET ${RELEASE}
    WHERE notification_id = ANY (ARRAY(
      SELECT notification_id FROM outbox WHERE held_by = $1 AND ${STILL_WANTED}
      ORDER BY priority, due_at LIMIT ${limit} FOR UPDATE SKIP LOCKED))
    RETURNING ${RELEASED}`;

/** Releases work that a pace holds: the first rows in priority order, at most $2. */
export const RELEASE_HELD: Statement = { name: 'outbox-release-held', plan: 'each_time', text: releaseFirst('$2') };

/**
 * Releases work from a circuit until $2 rows that it released wait unsent, counting those of earlier releases that
 * nobody has begun. The limit is there because claims go by age: released work that is an hour old after an outage of
 * an hour is sent before a new one-time password. Work that is still held is released by priority. A release is used up
 * by the attempt, or when another circuit or pace holds the row, so no row counts for longer than it waits.
 */
export const TOP_UP_RELEASED: Statement = {
  name: 'outbox-top-up-released',
  plan: 'each_time',
  text: `
    WITH unsent AS MATERIALIZED (
      SELECT 1 FROM outbox WHERE released_by = $1 AND lease_token IS NULL AND ${STILL_WANTED} LIMIT $2
    ), missing AS MATERIALIZED (
      SELECT $2 - count(*) AS rows FROM unsent
    ), released AS (
      ${releaseFirst('(SELECT rows FROM missing)')}
    )
    SELECT rows::int AS missing, (SELECT count(*)::int FROM released) AS released FROM missing`,
};

/**
 * Releases one held row past its open circuit, to test whether the circuit may close: the first in priority order that
 * has something to send, or with $2 any row, even one whose last attempt must be looked up first.
 */
export const RELEASE_PROBE: Statement = {
  name: 'outbox-release-probe',
  plan: 'each_time',
  text: `
    UPDATE outbox SET probe = true, ${RELEASE}
    WHERE notification_id = ANY (ARRAY(
      SELECT notification_id FROM outbox
      WHERE held_by = $1 AND (stage = 'send' OR $2) AND ${STILL_WANTED}
      ORDER BY priority, due_at LIMIT 1 FOR UPDATE SKIP LOCKED))
    RETURNING ${RELEASED}`,
};

/** How much work each circuit or pace holds. */
export const COUNT_HELD: Statement = {
  name: 'outbox-count-held',
  text: `SELECT held_by AS "heldBy", count(*)::int AS count FROM outbox WHERE held_by IS NOT NULL GROUP BY held_by`,
};

/** Which circuits and paces hold anything. Hops from one to the next in the index, however much each of them holds. */
export const HOLDERS: Statement = {
  name: 'outbox-holders',
  plan: 'each_time',
  text: `
    WITH RECURSIVE holder AS (
      (SELECT held_by FROM outbox WHERE held_by IS NOT NULL ORDER BY held_by LIMIT 1)
      UNION ALL
      SELECT (SELECT o.held_by FROM outbox o WHERE o.held_by IS NOT NULL AND o.held_by > h.held_by
              ORDER BY o.held_by LIMIT 1)
      FROM holder h WHERE h.held_by IS NOT NULL
    )
    SELECT held_by AS "heldBy" FROM holder WHERE held_by IS NOT NULL`,
};
