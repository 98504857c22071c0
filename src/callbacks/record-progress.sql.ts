import type { Statement } from '../database/database.js';
import { lookAgainAt } from '../outbox/look-again.sql.js';
import { awaitsDelivery } from '../outbox/row-state.sql.js';
import { isOneOf, legalFrom, UNSUCCESSFUL_ENDS, WORKED_ON } from '../policy/transitions.js';

const READ = 'ARRAY(SELECT notification_id FROM progress WHERE read)';

/**
 * Records ordinary callbacks, as many as arrived together: an accepted attempt of the notification's only or latest
 * delivery moves on, to delivered or read. Keeps each (sid, status) once and moves statuses only forward. Returns the
 * callbacks that are done with, by attempt; the others need a closer look. For each notification delivered for the
 * first time, one more row says how long that took since it was accepted.
 *
 * What is read without a lock may have changed once the locks are held: a receipt is done with only if it did move its
 * notification, or found it delivered. The outbox row is locked first, as everywhere.
 *
 * Everything is looked up by id, row by row: with joins, a plan made for a new database read every attempt with every
 * notification once both had grown (docs/decisions/0008-growth.md).
 */
export const RECORD_PROGRESS: Statement = {
  name: 'callbacks-record-progress',
  plan: 'once',
  text: `
    WITH input AS (
      SELECT DISTINCT ON (provider_sid, status) * FROM unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::text[], $7::boolean[], $8::boolean[]
      ) AS t (id, attempt_id, provider_sid, status, error_code, params, delivered, read)
      ORDER BY provider_sid, status
    ), plain AS (
      SELECT i.*, a.notification_id, a.delivery_id, n.status = 'delivered' AS was_delivered, n.emptied
      FROM input i
      CROSS JOIN LATERAL (SELECT * FROM attempts WHERE id = i.attempt_id LIMIT 1) AS a
      CROSS JOIN LATERAL (
        SELECT status, channel, content IS NULL AS emptied FROM notifications WHERE id = a.notification_id LIMIT 1
      ) AS n
      CROSS JOIN LATERAL (SELECT status, channel, number FROM deliveries WHERE id = a.delivery_id LIMIT 1) AS d
      WHERE a.outcome = 'accepted' AND a.provider_sid = i.provider_sid
        AND n.status IN ('sent', 'delivered') AND n.channel = d.channel AND NOT ${isOneOf('d.status', UNSUCCESSFUL_ENDS)}
        AND d.number = (SELECT max(l.number) FROM deliveries l WHERE l.notification_id = a.notification_id)
    ), progress AS (
      SELECT notification_id, delivery_id, bool_or(delivered OR read) AS delivered, bool_or(read) AS read,
        bool_or(was_delivered) AS was_delivered,
        (array_agg(attempt_id))[1] AS attempt_id, (array_agg(provider_sid))[1] AS provider_sid,
        (array_agg(status))[1] AS status
      FROM plain GROUP BY notification_id, delivery_id
    ), watched AS (
      DELETE FROM outbox o
      WHERE o.notification_id = ANY (ARRAY(SELECT notification_id FROM progress WHERE delivered))
        AND ${awaitsDelivery('o')}
      RETURNING o.notification_id
    ), moved AS (
      UPDATE notifications SET
        status = 'delivered', updated_at = service_now(),
        delivered_at = coalesce(delivered_at, service_now()),
        read_at = CASE WHEN id = ANY (${READ}) THEN service_now() ELSE read_at END
      WHERE id = ANY (ARRAY(SELECT notification_id FROM progress WHERE delivered))
        AND (${legalFrom('status', ['sent'], 'delivered')} OR (status = 'delivered' AND read_at IS NULL AND id = ANY (${READ})))
        -- Always true; asks for the outbox rows, and so for their locks, before the first notification is touched.
        AND (SELECT count(*) FROM watched) >= 0
      RETURNING id, channel, category, extract(epoch FROM delivered_at - created_at)::float8 AS seconds,
        delivered_at = service_now() AS first
    ), done AS (
      SELECT * FROM plain p
      WHERE NOT (p.delivered OR p.read) OR p.was_delivered OR p.notification_id IN (SELECT id FROM moved)
    ), kept AS (
      INSERT INTO callbacks (id, attempt_id, notification_id, delivery_id, provider_sid, status, error_code, params,
        received_at)
      SELECT id, attempt_id, notification_id, delivery_id, provider_sid, status, error_code, params::json, service_now()
      FROM done
      ON CONFLICT (provider_sid, status) DO NOTHING
    ), again AS (
      ${lookAgainAt('SELECT notification_id FROM done WHERE emptied')}
    ), delivery AS (
      UPDATE deliveries SET status = 'delivered', ended_at = service_now()
      WHERE id = ANY (ARRAY(
          SELECT delivery_id FROM progress
          WHERE delivered AND (was_delivered OR notification_id IN (SELECT id FROM moved))))
        AND ${legalFrom('status', [...WORKED_ON, 'sent'], 'delivered')}
    )
    SELECT attempt_id AS "attemptId", provider_sid AS "providerSid", status,
      NULL AS channel, NULL AS category, NULL AS seconds
    FROM done
    UNION ALL
    SELECT p.attempt_id, p.provider_sid, p.status, m.channel, m.category, m.seconds
    FROM moved m JOIN progress p ON p.notification_id = m.id WHERE m.first`,
};
