import type { Statement } from '../database/database.js';
import { acceptedChannel } from './accepted-channel.sql.js';

/**
 * Puts notification $1, whose fallback came to nothing, back on the channel that accepted it. A separate statement: the
 * one that found the work overtaken may have waited for whatever overtook it, and does not see its attempt. A delivered
 * notification is already on the channel that delivered it.
 */
export const RETURN_TO_CHANNEL: Statement = {
  name: 'outbox-return-to-channel',
  text: `
    UPDATE notifications n SET channel = coalesce(${acceptedChannel('n.id')}, n.channel)
    WHERE n.id = $1 AND n.status = 'sent'`,
};
