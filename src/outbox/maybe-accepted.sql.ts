import { isOneOf, UNSUCCESSFUL_ENDS } from '../policy/transitions.js';
import { sameRecipient } from './same-message.sql.js';

/**
 * Whether the recipient may have got a notification already, by any delivery: an attempt is unknown, or was accepted
 * and its delivery has not failed since, or failed with a code that leaves it open. What is sent then is a possible
 * duplicate. Looked up by id, including the failures' codes: an index on codes would lead to everything that ever
 * failed with them.
 * @param n the notification's row
 * @param changes the corrections of the delivery whose recipient is meant, as an SQL expression
 * @param codes the codes that leave it open (`mayHaveArrived` in the table), as an SQL expression of type int[]
 */
export function maybeAccepted(n: string, changes: string, codes: string): string {
  return `((
        SELECT a.id FROM attempts a
        CROSS JOIN LATERAL (SELECT status, changes FROM deliveries WHERE id = a.delivery_id LIMIT 1) AS e
        WHERE a.notification_id = ${n}.id AND ${sameRecipient('e.changes', changes, n)}
          AND (a.outcome = 'unknown' OR (a.outcome = 'accepted' AND (
            NOT ${isOneOf('e.status', UNSUCCESSFUL_ENDS)}
            OR ARRAY(SELECT f.provider_code FROM failures f
                     WHERE f.notification_id = ${n}.id AND f.attempt_id = a.id) && ${codes})))
        LIMIT 1) IS NOT NULL)`;
}
