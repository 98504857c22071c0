import type { Statement } from '../database/database.js';

/**
 * Keeps the answers of failed attempts whose lease had moved on. Whoever took the work over recorded them as unknown;
 * the answer says more, so the provider's status, code and words replace that in the attempt and its failure. The
 * decision made then stays. An attempt that a callback proved accepted before its answer came keeps that outcome, and
 * shows how it was answered. Takes the rows of settle-unsuccessful.sql.ts.
 *
 * Returns the results for which something else is on disk. `written` marks those that were `settled` or `overtaken`
 * (with the step $2 and the sentence $3) by a write whose reply was lost: recognised by their own step or, without an
 * attempt, by the sentence with which the delivery ended.
 */
export const RECORD_LATE_FAILURE: Statement = {
  name: 'outbox-record-late-failure',
  text: `
    WITH input AS (
      SELECT * FROM json_to_recordset($1::json) AS t (
        notification_id uuid, attempt_id uuid, duration_ms int, outcome text, http_status int, provider_code int,
        provider_message text, provider_body text, provider_request_id text, error_class text, responsible text,
        rule text, next_step json, action text, decision_sentence text)
    ), found AS MATERIALIZED (
      SELECT i.*, f.id AS failure_id,
        CASE f.next_step::jsonb WHEN i.next_step::jsonb THEN 'settled' WHEN $2::jsonb THEN 'overtaken' END AS written
      FROM input i
      CROSS JOIN LATERAL (
        SELECT id, next_step FROM failures
        WHERE notification_id = i.notification_id AND attempt_id = i.attempt_id AND callback_id IS NULL LIMIT 1
      ) AS f
      WHERE i.outcome IS NOT NULL
    ), answered AS (
      -- Nobody knew its answer, nor does a callback prove it accepted at this moment.
      UPDATE attempts a SET
        (outcome, http_status, provider_request_id, duration_ms) = (
          SELECT outcome, http_status, provider_request_id, duration_ms FROM found WHERE attempt_id = a.id)
      WHERE a.id = ANY (ARRAY(SELECT attempt_id FROM found)) AND a.outcome = 'unknown' AND a.duration_ms IS NULL
      RETURNING a.id
    ), proven AS (
      UPDATE attempts a SET
        (http_status, provider_request_id, duration_ms) = (
          SELECT http_status, provider_request_id, duration_ms FROM input WHERE attempt_id = a.id)
      WHERE a.id = ANY (ARRAY(SELECT attempt_id FROM input WHERE outcome IS NOT NULL)) AND a.outcome = 'accepted'
        AND a.duration_ms IS NULL
    ), retold AS (
      UPDATE failures f SET
        (outcome, http_status, provider_code, provider_message, provider_body, error_class, responsible, rule) = (
          SELECT outcome, http_status, provider_code, provider_message, provider_body, error_class, responsible, rule
          FROM found WHERE failure_id = f.id)
      WHERE f.id = ANY (ARRAY(SELECT failure_id FROM found WHERE attempt_id IN (SELECT id FROM answered)))
    )
    SELECT notification_id AS "notificationId", written FROM found WHERE attempt_id NOT IN (SELECT id FROM answered)
    UNION ALL
    SELECT i.notification_id, CASE d.sentence WHEN i.decision_sentence THEN 'settled' ELSE 'overtaken' END
    FROM input i CROSS JOIN LATERAL (
      SELECT sentence FROM decisions
      WHERE notification_id = i.notification_id AND attempt_id = i.attempt_id AND sentence IN (i.decision_sentence, $3)
      LIMIT 1
    ) AS d
    WHERE i.outcome IS NULL AND i.action <> 'wait'`,
};
