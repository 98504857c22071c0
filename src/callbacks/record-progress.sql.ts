import type { Statement } from '../database/database.js';
import { legalMove } from '../policy/transitions.js';

/**
 * The ordinary callback, for as many as arrived together: an accepted attempt of the notification's only or latest
 * delivery moves on, to delivered or read. Keeps each (sid, status) once and moves statuses only forward. Answers, by
 * attempt, whether the callback is done with; the others need a closer look. Where it was the one that delivered, it
 * says how long that took since the notification was accepted.
 */
export const RECORD_PROGRESS: Statement = {
  name: 'callbacks-record-progress',
  text: `
    WITH input AS (
      SELECT DISTINCT ON (provider_sid, status) * FROM unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::text[], $7::boolean[], $8::boolean[]
      ) AS t (id, attempt_id, provider_sid, status, error_code, params, delivered, read)
      ORDER BY provider_sid, status
    ), plain AS (
      SELECT i.*, a.notification_id, a.delivery_id
      FROM input i
      JOIN attempts a ON a.id = i.attempt_id
      JOIN notifications n ON n.id = a.notification_id
      JOIN deliveries d ON d.id = a.delivery_id
      WHERE a.outcome = 'accepted' AND a.provider_sid = i.provider_sid
        AND n.status IN ('sent', 'delivered') AND d.status IN ('sent', 'delivered')
        AND NOT EXISTS (SELECT 1 FROM deliveries l WHERE l.notification_id = n.id AND l.number > d.number)
    ), kept AS (
      INSERT INTO callbacks (id, attempt_id, notification_id, delivery_id, provider_sid, status, error_code, params,
        received_at)
      SELECT id, attempt_id, notification_id, delivery_id, provider_sid, status, error_code, params::json, service_now()
      FROM plain
      ON CONFLICT (provider_sid, status) DO NOTHING
    ), progress AS (
      SELECT notification_id, delivery_id, bool_or(delivered OR read) AS delivered, bool_or(read) AS read
      FROM plain GROUP BY notification_id, delivery_id
    ), watched AS (
      DELETE FROM outbox o USING progress p
      WHERE o.notification_id = p.notification_id AND o.stage = 'await_delivery' AND p.delivered
    ), delivery AS (
      UPDATE deliveries d SET status = 'delivered', ended_at = service_now()
      FROM progress p WHERE d.id = p.delivery_id AND p.delivered AND ${legalMove('d.status', 'delivered')}
    ), moved AS (
      UPDATE notifications n SET
        status = 'delivered', updated_at = service_now(),
        delivered_at = coalesce(n.delivered_at, service_now()),
        read_at = CASE WHEN p.read THEN coalesce(n.read_at, service_now()) ELSE n.read_at END
      FROM progress p
      WHERE n.id = p.notification_id AND p.delivered
        AND (n.status = 'sent' OR (n.status = 'delivered' AND p.read AND n.read_at IS NULL))
      RETURNING n.id, n.channel, n.category, n.created_at, n.delivered_at
    ), first AS (
      SELECT DISTINCT ON (m.id) p.attempt_id, p.provider_sid, p.status, m.channel, m.category,
        extract(epoch FROM m.delivered_at - m.created_at)::float8 AS seconds
      FROM moved m JOIN plain p ON p.notification_id = m.id AND (p.delivered OR p.read)
      WHERE m.delivered_at = service_now()
    )
    SELECT attempt_id AS "attemptId", provider_sid AS "providerSid", status, channel, category, seconds
    FROM plain LEFT JOIN first USING (attempt_id, provider_sid, status)`,
};
