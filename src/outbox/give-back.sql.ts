import type { Statement } from '../database/database.js';
import { leasedWith, NO_LEASE } from './row-state.sql.js';

/**
 * Gives back leased work that was not begun: no request left, so nothing is unknown and the attempt does not count. A
 * release from a circuit or pace stays valid.
 */
export const GIVE_BACK: Statement = {
  name: 'outbox-give-back',
  plan: 'once',
  text: `
    UPDATE outbox SET
      attempts = attempts - CASE stage WHEN 'send' THEN 1 ELSE 0 END,
      attempt_id = CASE stage WHEN 'send' THEN NULL ELSE attempt_id END,
      attempt_started_at = CASE stage WHEN 'send' THEN NULL ELSE attempt_started_at END,
      ${NO_LEASE}
    WHERE notification_id = ANY ($1)
      AND ${leasedWith('($2::uuid[])[array_position($1::uuid[], notification_id)]')}`,
};
