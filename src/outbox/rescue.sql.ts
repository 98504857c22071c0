import type { Statement } from '../database/database.js';
import { LOST_RULE } from '../policy/rule.words.js';
import { recordDecision } from './record-decision.sql.js';
import { NO_LEASE_NOR_PASS, ONE_MORE_RETRY } from './row-state.sql.js';

const ASKED_AGAIN = `'The question whether it was accepted came to no end before its lease ran out; it is asked again, which spends a retry.'`;

/**
 * Takes back work whose lease expired: its process died or lost the database. Whether its request reached the provider
 * is unknown, so the attempt is recorded as unknown and must be reconciled; it is never simply queued again. A retry is
 * spent either way, so that work whose every lease runs out comes to an end. Goes a page at a time and skips rows that
 * are just being settled, so that one bad batch cannot starve the rest.
 *
 * A row whose notification was deleted by hand is removed: no claim hands it out, so its leases would run out for ever.
 */
export const RESCUE: Statement = {
  name: 'outbox-rescue',
  plan: 'once',
  text: `
    WITH expired AS MATERIALIZED (
      SELECT o.notification_id, o.stage AS was,
        (SELECT n.id FROM notifications n WHERE n.id = o.notification_id) IS NULL AS orphaned
      FROM outbox o
      WHERE o.lease_token IS NOT NULL AND o.leased_until < service_now()
      ORDER BY o.leased_until LIMIT $1 FOR UPDATE OF o SKIP LOCKED
    ), removed AS (
      DELETE FROM outbox WHERE notification_id = ANY (ARRAY(SELECT notification_id FROM expired WHERE orphaned))
    ), rescued AS (
      UPDATE outbox o SET
        stage = 'reconcile', due_at = service_now(),
        retries = ${ONE_MORE_RETRY}, exhausted = o.exhausted OR ${ONE_MORE_RETRY} > $2,
        ${NO_LEASE_NOR_PASS}
      WHERE o.notification_id = ANY (ARRAY(SELECT notification_id FROM expired WHERE NOT orphaned))
      RETURNING o.*, (SELECT e.was FROM expired e WHERE e.notification_id = o.notification_id)
    ), lost AS (
      SELECT r.*, n.client_id, coalesce(d.corrected_to, n.recipient) AS recipient FROM rescued r
      CROSS JOIN LATERAL (SELECT client_id, recipient FROM notifications WHERE id = r.notification_id LIMIT 1) AS n
      LEFT JOIN LATERAL (
        SELECT changes ->> 'to' AS corrected_to FROM deliveries
        WHERE id = r.delivery_id AND r.delivery_number IS DISTINCT FROM 1 LIMIT 1
      ) AS d ON true
      WHERE r.was = 'send'
    ), recorded AS (
      INSERT INTO attempts (id, notification_id, delivery_id, number, started_at, outcome, possible_duplicate)
      SELECT attempt_id, notification_id, delivery_id, attempts, attempt_started_at, 'unknown', possible_duplicate
      FROM lost ON CONFLICT (id) DO NOTHING
    ), failed AS (
      INSERT INTO failures (id, at, attempt_id, notification_id, delivery_id, client_id, recipient, channel, outcome,
        error_class, responsible, rule, next_step)
      SELECT new_uuid_v7(), service_now(), attempt_id, notification_id, delivery_id, client_id, recipient, channel,
        'unknown', 'provider_fault', 'operator', '${LOST_RULE}',
        json_build_object('kind', 'reconcile', 'at', to_char(service_now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
          'reason', 'the process that made the attempt stopped before the answer was recorded')
      FROM lost
    ), asked AS (
      ${recordDecision("rescued WHERE was = 'reconcile'", 'reconciliation', ASKED_AGAIN, 'attempt_id')}
    )
    SELECT notification_id AS "notificationId", orphaned FROM expired`,
};
