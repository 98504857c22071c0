import { isOneOf, UNSUCCESSFUL_ENDS } from '../policy/transitions.js';
import { sameRecipient } from './same-message.sql.js';

/**
 * Whether the recipient may have got a notification already, by any delivery: an attempt's outcome is unknown, or it was
 * accepted and its delivery has not failed since. What is sent then is a possible duplicate. Looked up by id.
 * @param n the notification's row
 * @param changes the corrections of the delivery whose recipient is meant, as an SQL expression
 */
export function maybeAccepted(n: string, changes: string): string {
  return `((
        SELECT a.id FROM attempts a
        CROSS JOIN LATERAL (SELECT status, changes FROM deliveries WHERE id = a.delivery_id LIMIT 1) AS e
        WHERE a.notification_id = ${n}.id AND ${sameRecipient('e.changes', changes, n)}
          AND (a.outcome = 'unknown' OR (a.outcome = 'accepted' AND NOT ${isOneOf('e.status', UNSUCCESSFUL_ENDS)}))
        LIMIT 1) IS NOT NULL)`;
}
