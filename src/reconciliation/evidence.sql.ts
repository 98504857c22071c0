import type { Statement } from '../database/database.js';

/** What is on disk about an attempt whose outcome is unknown: a sid that came late, a callback, and how it failed. */
export const EVIDENCE: Statement = {
  name: 'reconciliation-evidence',
  text: `
    SELECT coalesce(a.provider_sid, c.provider_sid) AS sid,
      CASE WHEN a.provider_sid IS NOT NULL THEN 'answer' WHEN c.provider_sid IS NOT NULL THEN 'callback' END AS source,
      (SELECT min(e.started_at) FROM attempts e WHERE e.delivery_id = $2 AND e.outcome = 'unknown') AS "since",
      f.http_status AS "httpStatus", f.provider_code AS "providerCode", f.error_class AS "errorClass",
      f.responsible, f.rule
    FROM (VALUES ($1::uuid)) AS asked (attempt_id)
    LEFT JOIN attempts a ON a.id = asked.attempt_id
    LEFT JOIN LATERAL (
      SELECT provider_sid FROM callbacks WHERE notification_id = $3 AND attempt_id = asked.attempt_id LIMIT 1
    ) AS c ON true
    LEFT JOIN LATERAL (
      SELECT * FROM failures WHERE notification_id = $3 AND attempt_id = asked.attempt_id ORDER BY id LIMIT 1
    ) AS f ON true`,
};

/**
 * Which of these sids of messages to $3 belong to attempts of other deliveries, or failed since. Looked for among what went to that
 * number: an index of all sids, which come in no order, would cost every send a page of WAL.
 */
export const OWNED_SIDS: Statement = {
  name: 'reconciliation-owned-sids',
  plan: 'each_time',
  text: `
    SELECT a.provider_sid AS sid FROM notifications n JOIN attempts a ON a.notification_id = n.id
    WHERE n.recipient = $3 AND a.provider_sid = ANY ($1) AND a.delivery_id <> $2
    UNION
    SELECT a.provider_sid FROM deliveries d JOIN attempts a ON a.notification_id = d.notification_id AND a.delivery_id = d.id
    WHERE d.changes ->> 'to' = $3 AND a.provider_sid = ANY ($1) AND a.delivery_id <> $2
    UNION
    SELECT c.provider_sid FROM callbacks c
    WHERE c.provider_sid = ANY ($1) AND (c.delivery_id <> $2 OR EXISTS (
      SELECT 1 FROM failures f WHERE f.notification_id = c.notification_id AND f.callback_id = c.id))`,
};

/**
 * Other notifications to the same number on the same channel with an attempt in flight, or one since $4 whose outcome
 * was never found out (given up and sent again alike): a message in the provider's list may be theirs.
 */
export const RIVALS: Statement = {
  name: 'reconciliation-rivals',
  text: `
    SELECT n.content, d.changes
    FROM notifications n
    JOIN deliveries d ON d.notification_id = n.id AND d.channel = $3
    WHERE n.recipient = $1 AND n.id <> $2 AND (
      EXISTS (SELECT 1 FROM outbox o WHERE o.delivery_id = d.id AND o.notification_id = n.id AND o.attempt_id IS NOT NULL)
      OR EXISTS (
        SELECT 1 FROM attempts a
        WHERE a.notification_id = n.id AND a.delivery_id = d.id AND a.outcome = 'unknown' AND a.started_at >= $4
      )
    )`,
};
