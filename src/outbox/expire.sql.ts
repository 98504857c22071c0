import type { Statement } from '../database/database.js';
import { legalMove } from '../policy/transitions.js';

/**
 * Ends work whose expiresAt has passed before it was accepted: due, waiting or held alike, but not while an attempt is
 * in flight or its outcome is unknown (it may have been accepted).
 */
export const EXPIRE: Statement = {
  name: 'outbox-expire',
  plan: 'each_time',
  text: `
    WITH late AS (
      DELETE FROM outbox WHERE notification_id = ANY (ARRAY(
        SELECT notification_id FROM outbox
        WHERE expires_at <= service_now() AND lease_token IS NULL AND stage = 'send'
        ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED))
      RETURNING notification_id, delivery_id
    ), delivery AS (
      UPDATE deliveries d SET status = 'expired', ended_at = service_now()
      FROM late WHERE d.id = late.delivery_id AND ${legalMove('d.status', 'expired')}
    ), decided AS (
      INSERT INTO decisions (id, notification_id, delivery_id, at, rule, sentence)
      SELECT new_uuid_v7(), notification_id, delivery_id, service_now(), 'expiry',
        'Its expiresAt passed before it was accepted, so it was not sent.'
      FROM late
    )
    UPDATE notifications n SET status = 'expired', updated_at = service_now()
    FROM late WHERE n.id = late.notification_id AND ${legalMove('n.status', 'expired')}
    RETURNING n.id AS "notificationId"`,
};
