import { isOneOf, UNSUCCESSFUL_ENDS } from '../policy/transitions.js';

/**
 * The channel of the notification's latest delivery that was accepted and has not ended without success: it may still be
 * delivered, or was. Null where there is none. Row by row, by index.
 * @param notificationId an SQL expression
 * @param except the delivery that is not meant, as an SQL expression; none where all are
 */
export function acceptedChannel(notificationId: string, except?: string): string {
  return `(
    SELECT d.channel
    FROM attempts a CROSS JOIN LATERAL (SELECT status, channel FROM deliveries WHERE id = a.delivery_id LIMIT 1) AS d
    WHERE a.notification_id = ${notificationId} AND a.outcome = 'accepted'
      AND NOT ${isOneOf('d.status', UNSUCCESSFUL_ENDS)}
      ${except === undefined ? '' : `AND a.delivery_id <> ${except}`}
    ORDER BY a.id DESC LIMIT 1
  )`;
}
