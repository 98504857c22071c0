import { ADVISORY_LOCK } from '../database/advisory-locks.js';
import type { Statement } from '../database/database.js';
import { firstIdOf } from '../identifiers/first-id.sql.js';

/**
 * A chunk does not wait for locks: a locked notification is skipped, and looked at again in the next round. The timeout
 * is for its other rows, which are locked after it.
 */
export const WAIT_FOR_NOBODY: Statement = {
  name: 'retention-wait-for-nobody',
  plan: 'each_time',
  text: `SET LOCAL lock_timeout = '200ms'`,
};

/** One replica at a time; the lock is released with the chunk's transaction. */
export const TRY_LOCK: Statement = {
  name: 'retention-try-lock',
  text: `SELECT pg_try_advisory_xact_lock(${ADVISORY_LOCK.retention}) AS locked`,
};

/**
 * Nothing more happens to these notifications automatically: they have no work in the outbox. A `sent` one may still
 * get a receipt, but need not wait for it: most channels never send one.
 */
const ENDED = `
  n.status IN ('sent', 'delivered', 'failed', 'canceled', 'expired')
  AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.notification_id = n.id)`;

const IN_REVIEW = `EXISTS (SELECT 1 FROM dead_letters l WHERE l.notification_id = n.id AND l.state = 'open')`;

/** Most notifications end within this time after acceptance; the others are remembered and looked at again. */
const USUAL_LIFE = `interval '15 minutes'`;

/** The next notifications that are old enough to be looked at. $1: hours, $2: how many. */
export const NEXT_FOR_BODIES: Statement = {
  name: 'retention-next-for-bodies',
  plan: 'each_time',
  text: `
    SELECT n.id FROM notifications n
    WHERE n.id > (SELECT looked_to FROM body_retention)
      AND n.id < ${firstIdOf(`service_now() - make_interval(hours => $1) - ${USUAL_LIFE}`)}
    ORDER BY n.id LIMIT $2`,
};

/** The notifications that were looked at too early. $1: the last id seen, $2: how many. */
export const LATER_FOR_BODIES: Statement = {
  name: 'retention-later-for-bodies',
  plan: 'each_time',
  text: `
    SELECT notification_id AS id FROM body_retention_later
    WHERE notification_id > coalesce($1, '00000000-0000-0000-0000-000000000000'::uuid)
    ORDER BY notification_id LIMIT $2`,
};

/**
 * Deletes the content of those of the notifications $1 that ended $2 hours ago: what the client, a human's correction
 * or the provider said. They are judged and locked in their current state, even if it changed after the statement
 * began. Returns those that are done, in review or not: new content for one of them has it looked at again
 * (look-again.sql.ts). Locked notifications are left alone.
 */
export const DELETE_BODIES: Statement = {
  name: 'retention-delete-bodies',
  plan: 'each_time',
  text: `
    WITH ended AS MATERIALIZED (
      SELECT n.id FROM notifications n
      WHERE n.id = ANY ($1) AND coalesce(n.delivered_at, n.updated_at) <= service_now() - make_interval(hours => $2)
        AND ${ENDED}
      FOR NO KEY UPDATE OF n SKIP LOCKED
    ), content AS (
      UPDATE notifications n SET content = NULL
      WHERE n.id = ANY (ARRAY(SELECT id FROM ended)) AND n.content IS NOT NULL
    ), corrections AS (
      UPDATE deliveries d SET changes = (d.changes::jsonb - 'content')::json
      WHERE d.notification_id = ANY (ARRAY(SELECT id FROM ended)) AND d.changes::jsonb ? 'content'
    ), answers AS (
      UPDATE failures f SET provider_body = NULL
      WHERE f.notification_id = ANY (ARRAY(SELECT id FROM ended)) AND f.provider_body IS NOT NULL
    ), reports AS (
      UPDATE callbacks c SET params = '{}'
      WHERE c.notification_id = ANY (ARRAY(SELECT id FROM ended)) AND c.params::text <> '{}'
    )
    SELECT id FROM ended`,
};

/** Stores the notifications to look at again, $1, and how far the first look has come, $2. */
export const REMEMBER: Statement = {
  name: 'retention-remember',
  plan: 'each_time',
  text: `
    WITH later AS (
      INSERT INTO body_retention_later (notification_id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING
    )
    UPDATE body_retention SET looked_to = $2`,
};

/** Forgets those of $1 that are done, $2, or no longer exist. */
export const FORGET: Statement = {
  name: 'retention-forget',
  plan: 'each_time',
  text: `
    DELETE FROM body_retention_later b
    WHERE b.notification_id = ANY ($1)
      AND (b.notification_id = ANY ($2)
        OR NOT EXISTS (SELECT 1 FROM notifications n WHERE n.id = b.notification_id))`,
};

/** The next notifications that may be old enough to delete. $1: the last id seen, $2: hours, $3: how many. */
export const NEXT_FOR_HISTORY: Statement = {
  name: 'retention-next-for-history',
  plan: 'each_time',
  text: `
    SELECT n.id FROM notifications n
    WHERE n.id > coalesce($1, '00000000-0000-0000-0000-000000000000'::uuid)
      AND n.id < ${firstIdOf('service_now() - make_interval(hours => $2)')}
    ORDER BY n.id LIMIT $3`,
};

/** Every table with rows that belong to one notification; an ended one has no row in the outbox. */
const HISTORY_TABLES = ['deliveries', 'attempts', 'failures', 'callbacks', 'decisions', 'dead_letters'];

/**
 * Deletes those of the notifications $1 that ended $2 hours ago and are neither in review nor locked, with all their
 * rows.
 */
export const DELETE_HISTORY: Statement = {
  name: 'retention-delete-history',
  plan: 'each_time',
  text: `
    WITH free AS MATERIALIZED (
      SELECT n.id FROM notifications n
      WHERE n.id = ANY ($1) AND n.updated_at <= service_now() - make_interval(hours => $2)
        AND ${ENDED} AND NOT ${IN_REVIEW}
      FOR UPDATE OF n SKIP LOCKED
    ), gone AS (
      DELETE FROM notifications n WHERE n.id = ANY (ARRAY(SELECT id FROM free)) RETURNING n.id
    ), ${HISTORY_TABLES.map(
      (table) => `${table}_gone AS (
      DELETE FROM ${table} WHERE notification_id = ANY (ARRAY(SELECT id FROM gone))
    )`,
    ).join(', ')}
    SELECT id FROM gone`,
};

/** Deletes replays that ended $1 hours ago. */
export const DELETE_REPLAYS: Statement = {
  name: 'retention-delete-replays',
  plan: 'each_time',
  text: `DELETE FROM replays WHERE ended_at <= service_now() - make_interval(hours => $1)`,
};

/**
 * Forgets which channels recipients were not on, once that may have changed; at most $1 rows, the oldest first, by the
 * index on their time: UNAVAILABLE_CHANNEL_HOURS may be a year, of which little is over at a time.
 */
export const FORGET_UNAVAILABLE: Statement = {
  name: 'retention-forget-unavailable',
  plan: 'each_time',
  text: `
    DELETE FROM unavailable_channels WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM unavailable_channels WHERE until <= service_now()
      ORDER BY until LIMIT $1 FOR UPDATE SKIP LOCKED))
    RETURNING recipient`,
};
