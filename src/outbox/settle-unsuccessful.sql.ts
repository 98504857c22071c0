import type { Statement } from '../database/database.js';
import { legalMove } from '../policy/transitions.js';

/** Rows are found by an array of their ids as well as by the join; docs/decisions/0008-growth.md says why. */
function withAction(action: 'wait' | 'fallback' | 'end'): string {
  return `ARRAY(SELECT notification_id FROM live WHERE action = '${action}')`;
}

/**
 * Records work that did not get through, whatever follows: wait (retry, reconcile, hold), fall back, or end. One
 * statement, so that the decision and its effect are on disk together or not at all. Where the lease has moved on,
 * only the attempt itself is kept. Takes a JSON array of rows; the field names are the columns of \`input\`.
 */
export const SETTLE_UNSUCCESSFUL: Statement = {
  name: 'outbox-settle-unsuccessful',
  plan: 'once',
  text: `
    WITH input AS (
      SELECT * FROM json_to_recordset($1::json) AS t (
        notification_id uuid, delivery_id uuid, client_id uuid, lease_token uuid, channel text, category text,
        recipient text, action text, stage text, wait_ms int, spends_retry boolean, held_by uuid, exhausted boolean,
        lookups int, attempt_id uuid, attempt_number int, attempt_started_at timestamptz, duration_ms int,
        outcome text, possible_duplicate boolean, records_failure boolean, http_status int, provider_code int,
        provider_message text, provider_body text, provider_request_id text, error_class text, responsible text,
        rule text, next_step json, decision_rule text, decision_sentence text,
        next_delivery_id uuid, next_channel text, next_sender text, opens_dead_letter boolean, dead_letter_reason text,
        incident_id uuid, end_status text)
    ), mine AS (
      SELECT o.notification_id FROM outbox o JOIN input i
        ON o.notification_id = i.notification_id AND o.lease_token = i.lease_token
      WHERE o.notification_id = ANY (ARRAY(SELECT notification_id FROM input))
      FOR UPDATE OF o
    ), live AS (
      SELECT i.* FROM input i JOIN mine m ON m.notification_id = i.notification_id
    ), ended AS (
      DELETE FROM outbox o WHERE o.notification_id = ANY (${withAction('end')})
    ), waiting AS (
      UPDATE outbox o SET
        stage = i.stage,
        due_at = service_now() + i.wait_ms * interval '1 millisecond',
        retries = o.retries + CASE WHEN i.spends_retry THEN 1 ELSE 0 END,
        waited_ms = o.waited_ms + CASE WHEN i.spends_retry THEN i.wait_ms ELSE 0 END,
        attempts = o.attempts - CASE WHEN i.outcome IS NULL AND o.stage = 'send' THEN 1 ELSE 0 END,
        exhausted = i.exhausted,
        lookups = i.lookups,
        held_by = i.held_by,
        attempt_id = CASE i.stage WHEN 'reconcile' THEN i.attempt_id END,
        attempt_started_at = CASE i.stage WHEN 'reconcile' THEN i.attempt_started_at END,
        probe = false, released_by = NULL, lease_token = NULL, lease_owner = NULL, leased_until = NULL
      FROM live i
      WHERE o.notification_id = ANY (${withAction('wait')}) AND o.notification_id = i.notification_id
    ), replaced AS (
      UPDATE outbox o SET
        delivery_id = i.next_delivery_id, channel = i.next_channel, sender = i.next_sender, stage = 'send',
        due_at = service_now(), attempts = 0, retries = 0, waited_ms = 0, exhausted = false, lookups = 0,
        possible_duplicate = false, attempt_id = NULL, attempt_started_at = NULL, held_by = NULL,
        probe = false, released_by = NULL, lease_token = NULL, lease_owner = NULL, leased_until = NULL
      FROM live i
      WHERE o.notification_id = ANY (${withAction('fallback')}) AND o.notification_id = i.notification_id
    ), recorded AS (
      INSERT INTO attempts (id, notification_id, delivery_id, number, started_at, duration_ms, outcome, http_status,
        provider_request_id, possible_duplicate)
      SELECT attempt_id, notification_id, delivery_id, attempt_number, attempt_started_at, duration_ms, outcome,
        http_status, provider_request_id, possible_duplicate
      FROM input WHERE outcome IS NOT NULL
      ON CONFLICT (id) DO NOTHING
    ), failed AS (
      INSERT INTO failures (id, at, attempt_id, notification_id, delivery_id, client_id, recipient, channel, outcome,
        http_status, provider_code, provider_message, provider_body, error_class, responsible, rule, next_step)
      SELECT new_uuid_v7(), service_now(), attempt_id, notification_id, delivery_id, client_id, recipient, channel,
        outcome, http_status, provider_code, provider_message, provider_body, error_class, responsible, rule, next_step
      FROM live WHERE records_failure
    ), concluded AS (
      -- The question of an unknown attempt is settled: its failure shows what came of it, no longer that it is asked.
      UPDATE failures f SET next_step = i.next_step
      FROM live i
      WHERE f.notification_id = ANY (ARRAY(SELECT notification_id FROM live WHERE outcome IS NULL AND action <> 'wait'))
        AND f.notification_id = i.notification_id AND f.attempt_id = i.attempt_id
        AND i.outcome IS NULL AND i.action <> 'wait'
    ), decided AS (
      INSERT INTO decisions (id, notification_id, delivery_id, attempt_id, at, rule, sentence)
      SELECT new_uuid_v7(), notification_id, delivery_id, attempt_id, service_now(), decision_rule, decision_sentence
      FROM live WHERE decision_rule IS NOT NULL
    ), delivery AS (
      UPDATE deliveries d SET
        status = CASE WHEN i.action = 'wait' THEN CASE i.stage WHEN 'reconcile' THEN 'sending' ELSE 'queued' END
                      WHEN i.action = 'fallback' THEN 'failed' ELSE i.end_status END,
        ended_at = CASE i.action WHEN 'wait' THEN NULL ELSE service_now() END
      FROM live i WHERE d.id = ANY (ARRAY(SELECT delivery_id FROM live)) AND d.id = i.delivery_id
    ), next_delivery AS (
      INSERT INTO deliveries (id, notification_id, number, channel, status, sender)
      SELECT next_delivery_id, notification_id,
        (SELECT max(number) + 1 FROM deliveries d WHERE d.notification_id = live.notification_id),
        next_channel, 'queued', next_sender
      FROM live WHERE action = 'fallback'
    ), moved AS (
      UPDATE notifications n SET
        status = CASE WHEN i.action = 'end' THEN i.end_status
                      WHEN i.action = 'wait' AND i.stage = 'reconcile' THEN 'sending' ELSE 'queued' END,
        channel = coalesce(i.next_channel, n.channel),
        updated_at = service_now()
      FROM live i WHERE n.id = ANY (ARRAY(SELECT notification_id FROM live)) AND n.id = i.notification_id
        AND CASE WHEN i.action <> 'end' THEN ${legalMove('n.status', 'queued')}
                 WHEN i.end_status = 'failed' THEN ${legalMove('n.status', 'failed')}
                 ELSE ${legalMove('n.status', 'expired')} END
    ), dead AS (
      INSERT INTO dead_letters (id, notification_id, delivery_id, client_id, state, error_class, http_status,
        provider_code, channel, category, incident_id, reason, opened_at)
      SELECT new_uuid_v7(), notification_id, delivery_id, client_id, 'open', error_class, http_status,
        provider_code, channel, category, incident_id, dead_letter_reason, service_now()
      FROM live WHERE opens_dead_letter
      ON CONFLICT DO NOTHING
    )
    SELECT notification_id AS "notificationId" FROM live`,
};
