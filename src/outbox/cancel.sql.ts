import type { Statement } from '../database/database.js';
import { legalMove } from '../policy/transitions.js';
import { acceptedChannel } from './accepted-channel.sql.js';
import { concludeLastFailure } from './last-failure.sql.js';
import { recordDecision } from './record-decision.sql.js';

/**
 * Cancels a notification of which nothing was sent: no attempt may be in flight, unknown or accepted. An attempt that
 * was accepted and failed later (its fallback waits) is no obstacle. Returns no row if the notification cannot be
 * canceled.
 */
export const CANCEL: Statement = {
  name: 'outbox-cancel',
  text: `
    WITH taken AS (
      DELETE FROM outbox WHERE notification_id = $1 AND stage = 'send' AND lease_token IS NULL
        AND (SELECT id FROM attempts WHERE notification_id = $1 AND outcome = 'unknown' LIMIT 1) IS NULL
        AND ${acceptedChannel('$1')} IS NULL
      RETURNING notification_id, delivery_id
    ), delivery AS (
      UPDATE deliveries d SET status = 'canceled', ended_at = service_now()
      WHERE d.id = (SELECT delivery_id FROM taken) AND ${legalMove('d.status', 'canceled')}
    ), concluded AS (
      ${concludeLastFailure('taken', 'the client took it back, so it was not sent again')}
    ), decided AS (
      ${recordDecision('taken', 'cancel', `'The client took it back.'`)}
    )
    UPDATE notifications n SET status = 'canceled', updated_at = service_now()
    WHERE n.id = (SELECT notification_id FROM taken) AND ${legalMove('n.status', 'canceled')}
    RETURNING n.id AS "notificationId"`,
};
