import type { Statement } from '../database/database.js';
import { acceptedChannel } from './accepted-channel.sql.js';

/**
 * Notification $1, of which a fallback came to nothing, is on the channel that has it. A statement of its own: the one that
 * found its work overtaken may have waited for what overtook it, and does not see its attempt. A delivered one is on the channel
 * that delivered it already.
 */
export const RETURN_TO_CHANNEL: Statement = {
  name: 'outbox-return-to-channel',
  text: `
    UPDATE notifications n SET channel = coalesce(${acceptedChannel('n.id')}, n.channel)
    WHERE n.id = $1 AND n.status = 'sent'`,
};
