import { isOneOf, UNSUCCESSFUL_ENDS } from '../policy/transitions.js';
import { sameRecipient, sameWords } from './same-message.sql.js';

/**
 * The channel of the notification's latest delivery that was accepted and has not ended without success: it was
 * delivered or still may be. Null if there is none. Deliveries are looked up one by one, by index.
 * @param notificationId an SQL expression
 * @param insteadOf a later delivery, as an SQL expression: only deliveries count that make it needless, since they say
 *   the same to the same recipient, and each is locked as it is read: a statement that waited for its outbox row must
 *   see what a callback did to them meanwhile. Without it, all count
 */
export function acceptedChannel(notificationId: string, insteadOf?: string): string {
  return `(
    SELECT d.channel
    FROM (SELECT * FROM attempts WHERE notification_id = ${notificationId} AND outcome = 'accepted' OFFSET 0) AS a
    CROSS JOIN LATERAL (SELECT status, channel, changes FROM deliveries WHERE id = a.delivery_id LIMIT 1${insteadOf === undefined ? '' : ' FOR NO KEY UPDATE'}) AS d
    WHERE NOT ${isOneOf('d.status', UNSUCCESSFUL_ENDS)}
      ${insteadOf === undefined ? '' : `AND a.delivery_id <> ${insteadOf} AND ${saysTheSame(notificationId, insteadOf)}`}
    ORDER BY a.id DESC LIMIT 1
  )`;
}

function saysTheSame(notificationId: string, deliveryId: string): string {
  return `(
        SELECT ${sameRecipient('d.changes', 'x.changes', 'n')} AND ${sameWords('d.changes', 'x.changes', 'n')}
        FROM notifications n, deliveries x WHERE n.id = ${notificationId} AND x.id = ${deliveryId})`;
}
