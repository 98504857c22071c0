import type { Statement } from '../database/database.js';
import { acceptedChannel } from './accepted-channel.sql.js';
import { causeIncident } from './cause-incident.sql.js';
import { lastFailuresOf } from './last-failure.sql.js';
import { leasedWith, NOTHING_BEGUN, NO_LEASE_NOR_PASS } from './row-state.sql.js';
import { isOneOf, legalFrom, WORKED_ON } from '../policy/transitions.js';

/** Rows are found by an array of their ids, and no table is joined; docs/decisions/0008-growth.md says why. */
function withEffect(effect: 'wait' | 'fallback' | 'end'): string {
  return `ARRAY(SELECT notification_id FROM live WHERE effect = '${effect}')`;
}

/**
 * Records work that was not accepted, whatever follows: wait (retry, reconcile, hold), fall back, or end. One
 * statement, so that the decision and its effect are on disk together or not at all. Takes a JSON array of rows whose
 * fields are the columns of `input`. Nothing is written if the lease has moved on: late-failure.sql.ts.
 *
 * If the notification is over meanwhile (another delivery of it was accepted or delivered), the work ends whatever was
 * decided: its failure is kept with the step $2, any decision becomes the rule $3 and the sentence $4, and the
 * notification stays as it is; return-to-channel.sql.ts follows. The answer says which notifications were `overtaken`.
 * $5 is the window of an incident, in milliseconds.
 *
 * Where the work ends without a dead letter (the recipient opted out), a channel that accepted it before still stands
 * for the notification: it is `sent` there.
 */
export const SETTLE_UNSUCCESSFUL: Statement = {
  name: 'outbox-settle-unsuccessful',
  plan: 'once',
  text: `
    WITH input AS (
      SELECT * FROM json_to_recordset($1::json) AS t (
        notification_id uuid, delivery_id uuid, client_id uuid, lease_token uuid, channel text, category text,
        recipient text, action text, stage text, wait_ms int, spends_retry boolean, spends_ms int, held_by uuid,
        exhausted boolean, lookups int, attempt_id uuid, attempt_number int, attempt_started_at timestamptz,
        duration_ms int, outcome text, possible_duplicate boolean, records_failure boolean, http_status int,
        provider_code int, provider_message text, provider_body text, provider_request_id text, error_class text,
        responsible text, rule text, next_step json, decision_rule text, decision_sentence text,
        next_delivery_id uuid, next_channel text, next_sender text, opens_dead_letter boolean, dead_letter_reason text,
        next_changes json)
    ), locked AS MATERIALIZED (
      SELECT o.notification_id FROM outbox o
      WHERE o.notification_id = ANY (ARRAY(SELECT notification_id FROM input))
        AND ${leasedWith('(SELECT i.lease_token FROM input i WHERE i.notification_id = o.notification_id)', 'o')}
      FOR UPDATE
    ), mine AS MATERIALIZED (
      -- Locked after its outbox row, as everywhere: so this is how it stands, also after a wait for whoever moved it.
      SELECT l.notification_id, NOT ${isOneOf('n.status', WORKED_ON)} AS overtaken
      FROM locked l CROSS JOIN LATERAL (
        SELECT status FROM notifications WHERE id = l.notification_id LIMIT 1 FOR NO KEY UPDATE
      ) AS n
    ), live AS (
      SELECT i.*, m.overtaken, CASE WHEN m.overtaken THEN 'end' ELSE i.action END AS effect,
        CASE WHEN m.overtaken THEN $2::json ELSE i.next_step END AS follows,
        CASE WHEN i.action = 'end' AND i.opens_dead_letter IS NOT TRUE AND NOT m.overtaken
          THEN ${acceptedChannel('i.notification_id', 'i.delivery_id')} END AS accepted_by
      FROM input i JOIN mine m ON m.notification_id = i.notification_id
    ), ended AS (
      DELETE FROM outbox o WHERE o.notification_id = ANY (${withEffect('end')})
    ), waiting AS (
      UPDATE outbox o SET
        (stage, due_at, retries, waited_ms, attempts, exhausted, lookups, held_by, attempt_id, attempt_started_at) = (
          SELECT i.stage,
            coalesce(service_now() + i.wait_ms * interval '1 millisecond', o.due_at),
            o.retries + CASE WHEN i.spends_retry THEN 1 ELSE 0 END,
            o.waited_ms + i.spends_ms,
            o.attempts - CASE WHEN i.outcome IS NULL AND o.stage = 'send' THEN 1 ELSE 0 END,
            i.exhausted,
            i.lookups,
            i.held_by,
            CASE i.stage WHEN 'reconcile' THEN i.attempt_id END,
            CASE i.stage WHEN 'reconcile' THEN i.attempt_started_at END
          FROM live i WHERE i.notification_id = o.notification_id),
        ${NO_LEASE_NOR_PASS}
      WHERE o.notification_id = ANY (${withEffect('wait')})
    ), replaced AS (
      UPDATE outbox o SET
        (delivery_id, channel, sender) = (
          SELECT i.next_delivery_id, i.next_channel, i.next_sender FROM live i WHERE i.notification_id = o.notification_id),
        delivery_number = o.delivery_number + 1, stage = 'send', due_at = service_now(),
        -- One channel may have reached the recipient: one before this, an unknown attempt, or the one recorded here.
        possible_duplicate = o.possible_duplicate OR (SELECT i.outcome IS NOT DISTINCT FROM 'unknown' FROM live i
            WHERE i.notification_id = o.notification_id)
          OR (SELECT true FROM attempts a
            WHERE a.notification_id = o.notification_id AND a.outcome = 'unknown' LIMIT 1) IS NOT NULL,
        ${NOTHING_BEGUN}, held_by = NULL, ${NO_LEASE_NOR_PASS}
      WHERE o.notification_id = ANY (${withEffect('fallback')})
    ), recorded AS (
      INSERT INTO attempts (id, notification_id, delivery_id, number, started_at, duration_ms, outcome, http_status,
        provider_request_id, possible_duplicate)
      SELECT attempt_id, notification_id, delivery_id, attempt_number, attempt_started_at, duration_ms, outcome,
        http_status, provider_request_id, possible_duplicate
      FROM live WHERE outcome IS NOT NULL
      ON CONFLICT (id) DO NOTHING
    ), failed AS (
      INSERT INTO failures (id, at, attempt_id, notification_id, delivery_id, client_id, recipient, channel, outcome,
        http_status, provider_code, provider_message, provider_body, error_class, responsible, rule, next_step)
      SELECT new_uuid_v7(), service_now(), attempt_id, notification_id, delivery_id, client_id, recipient, channel,
        outcome, http_status, provider_code, provider_message, provider_body, error_class, responsible, rule, follows
      FROM live WHERE records_failure
    ), concluded AS (
      -- It ends without another attempt: its last failure shows what came of it, no longer that it is asked or sent again.
      UPDATE failures f SET next_step = (SELECT i.follows FROM live i WHERE i.notification_id = f.notification_id)
      WHERE ${lastFailuresOf("live WHERE outcome IS NULL AND effect <> 'wait'", 'live')}
    ), decided AS (
      INSERT INTO decisions (id, notification_id, delivery_id, attempt_id, at, rule, sentence)
      SELECT new_uuid_v7(), notification_id, delivery_id, attempt_id, service_now(),
        CASE WHEN overtaken THEN $3 ELSE decision_rule END, CASE WHEN overtaken THEN $4 ELSE decision_sentence END
      FROM live WHERE decision_rule IS NOT NULL
    ), delivery AS (
      UPDATE deliveries d SET status = 'failed', ended_at = service_now()
      WHERE d.id = ANY (ARRAY(SELECT delivery_id FROM live WHERE effect <> 'wait'))
        AND ${legalFrom('d.status', WORKED_ON, 'failed')}
    ), next_delivery AS (
      INSERT INTO deliveries (id, notification_id, number, channel, status, sender, changes)
      SELECT next_delivery_id, notification_id,
        (SELECT max(number) + 1 FROM deliveries d WHERE d.notification_id = live.notification_id),
        next_channel, 'queued', next_sender, next_changes
      FROM live WHERE effect = 'fallback'
    ), moved AS (
      UPDATE notifications n SET
        (status, channel) = (
          SELECT CASE WHEN i.effect <> 'end' THEN 'queued' WHEN i.accepted_by IS NULL THEN 'failed' ELSE 'sent' END,
            coalesce(i.accepted_by, i.next_channel, n.channel)
          FROM live i WHERE i.notification_id = n.id),
        updated_at = service_now()
      WHERE n.id = ANY (ARRAY(SELECT notification_id FROM live WHERE NOT overtaken))
        AND ${legalFrom('n.status', WORKED_ON, 'queued', 'failed', 'sent')}
    ), dead AS (
      INSERT INTO dead_letters (id, notification_id, delivery_id, client_id, state, error_class, http_status,
        provider_code, channel, category, incident_id, reason, opened_at)
      SELECT new_uuid_v7(), notification_id, delivery_id, client_id, 'open', error_class, http_status,
        provider_code, channel, category, ${causeIncident('live', '$5')}, dead_letter_reason, service_now()
      FROM live WHERE opens_dead_letter AND NOT overtaken
      ON CONFLICT DO NOTHING
    )
    SELECT notification_id AS "notificationId", overtaken FROM live`,
};
