import type { Statement } from '../database/database.js';
import { firstIdOf } from '../identifiers/first-id.sql.js';

/** What the database knows about a doubtful attempt: a late sid or refusal, a callback, and how it failed. */
export const EVIDENCE: Statement = {
  name: 'reconciliation-evidence',
  text: `
    SELECT coalesce(a.provider_sid, c.provider_sid) AS sid,
      CASE WHEN a.provider_sid IS NOT NULL THEN 'answer' WHEN c.provider_sid IS NOT NULL THEN 'callback' END AS source,
      coalesce(a.outcome = 'rejected', false) AS refused,
      (SELECT min(e.started_at) FROM attempts e
        WHERE e.notification_id = $3 AND e.delivery_id = $2 AND e.outcome = 'unknown') AS "since",
      f.http_status AS "httpStatus", f.provider_code AS "providerCode", f.error_class AS "errorClass",
      f.responsible, f.rule
    FROM (VALUES ($1::uuid)) AS asked (attempt_id)
    LEFT JOIN attempts a ON a.id = asked.attempt_id
    LEFT JOIN LATERAL (
      SELECT provider_sid FROM callbacks WHERE notification_id = $3 AND attempt_id = asked.attempt_id LIMIT 1
    ) AS c ON true
    LEFT JOIN LATERAL (
      SELECT * FROM (SELECT * FROM failures WHERE notification_id = $3 AND attempt_id = asked.attempt_id OFFSET 0) AS all_of_it
      ORDER BY id LIMIT 1
    ) AS f ON true`,
};

/**
 * For a number with at least this many notifications, such as a heartbeat's, not all of them are searched, since each
 * costs two look-ups; the search goes by time instead.
 */
const MANY = 1000;

/**
 * Deliveries actually sent to number `to`, whether by the notification or by a human's correction. For a number with
 * MANY notifications, only those of the notifications in `lately`, which must cover everything searched for.
 */
const deliveriesTo = (to: string, lately: string) => `
      WITH first AS MATERIALIZED (
        SELECT id FROM notifications WHERE recipient = ${to} LIMIT ${MANY}
      ), asked (id) AS MATERIALIZED (
        SELECT id FROM first WHERE (SELECT count(*) FROM first) < ${MANY}
        UNION
        SELECT l.notification_id FROM (${lately}) AS l
        WHERE (SELECT count(*) FROM first) = ${MANY}
          AND (SELECT recipient FROM notifications WHERE id = l.notification_id) = ${to}
      )
      SELECT d.id, d.notification_id, d.channel, d.changes
      FROM unnest(ARRAY(SELECT id FROM asked)) AS n (id)
      CROSS JOIN LATERAL (SELECT * FROM deliveries WHERE notification_id = n.id OFFSET 0) AS d
      WHERE d.changes ->> 'to' IS NULL
      UNION ALL
      SELECT id, notification_id, channel, changes FROM deliveries WHERE changes ->> 'to' = ${to}`;

/** Notifications to number `to` with an attempt that ended unknown after `moment`, whatever was found out later. */
const inDoubtSince = (to: string, moment: string) => `
          SELECT notification_id FROM failures
          WHERE recipient = ${to} AND outcome = 'unknown' AND id >= ${firstIdOf(moment)}`;

/**
 * Those of the sids $1 of messages to $3 that belong to attempts of other deliveries, or have failed since. Searches
 * only what was sent to that number: an index of all sids, which are in no order, would cost every send a page of WAL.
 * Reads row by row, like every query on tables that grow (docs/decisions/0008-growth.md).
 *
 * The attempts that created these messages began between $4 and $5, however old their notifications are. An attempt
 * that adopted a message may have begun later, but has been in doubt.
 */
export const OWNED_SIDS: Statement = {
  name: 'reconciliation-owned-sids',
  plan: 'each_time',
  text: `
    SELECT a.provider_sid AS sid
    FROM (${deliveriesTo(
      '$3',
      `
          SELECT notification_id FROM attempts
          WHERE id >= ${firstIdOf('$4::timestamptz')} AND id < ${firstIdOf('$5::timestamptz')} AND provider_sid = ANY ($1)
          UNION ALL${inDoubtSince('$3', '$4::timestamptz')}`,
    )}
    ) AS d
    CROSS JOIN LATERAL (SELECT * FROM attempts WHERE notification_id = d.notification_id OFFSET 0) AS a
    WHERE a.delivery_id = d.id AND a.provider_sid = ANY ($1) AND d.id <> $2
    UNION
    SELECT c.provider_sid FROM callbacks c
    WHERE c.provider_sid = ANY ($1) AND (c.delivery_id <> $2 OR (
      SELECT f.id FROM failures f WHERE f.notification_id = c.notification_id AND f.callback_id = c.id LIMIT 1
    ) IS NOT NULL)`,
};

/**
 * Other notifications to the same number ($1) on the same channel with an attempt in flight, or one since $4 whose
 * outcome was never found out (whether given up or sent again): a message in the provider's list may be theirs. Each
 * condition is a scalar subquery: with EXISTS, a plan may read the whole outbox to answer for a single row.
 *
 * Work in flight is leased, and there is little of it at a time; attempts in doubt are in the failure history.
 */
export const RIVALS: Statement = {
  name: 'reconciliation-rivals',
  plan: 'each_time',
  text: `
    SELECT n.content, d.changes
    FROM (${deliveriesTo(
      '$1',
      `
          SELECT notification_id FROM outbox WHERE lease_token IS NOT NULL AND channel = $3
          UNION ALL${inDoubtSince('$1', '$4::timestamptz')}`,
    )}
    ) AS d
    CROSS JOIN LATERAL (SELECT content FROM notifications WHERE id = d.notification_id LIMIT 1) AS n
    WHERE d.notification_id <> $2 AND d.channel = $3 AND (
      (SELECT attempt_id FROM outbox o WHERE o.notification_id = d.notification_id AND o.delivery_id = d.id) IS NOT NULL
      OR (
        SELECT a.id FROM attempts a
        WHERE a.notification_id = d.notification_id AND a.delivery_id = d.id AND a.outcome = 'unknown'
          AND a.started_at >= $4
        LIMIT 1
      ) IS NOT NULL
    )`,
};
