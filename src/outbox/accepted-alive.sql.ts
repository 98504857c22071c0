import { isOneOf } from '../policy/transitions.js';

/**
 * Whether a delivery of the notification was accepted and has not ended without success: it may still be delivered, or
 * was. Row by row, by index.
 * @param notificationId an SQL expression
 * @param except the delivery that is not meant, as an SQL expression; none where all are
 */
export function acceptedAndAlive(notificationId: string, except?: string): string {
  return `(
    SELECT true FROM attempts a CROSS JOIN LATERAL (SELECT status FROM deliveries WHERE id = a.delivery_id LIMIT 1) AS d
    WHERE a.notification_id = ${notificationId} AND a.outcome = 'accepted'
      AND NOT ${isOneOf('d.status', ['failed', 'canceled', 'expired'])}
      ${except === undefined ? '' : `AND a.delivery_id <> ${except}`}
    LIMIT 1
  ) IS NOT NULL`;
}
