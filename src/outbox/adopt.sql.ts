import type { Statement } from '../database/database.js';
import { leasedWith } from './row-state.sql.js';

/** The question of $1 that was leased with $2, so that nothing is told of its attempts before its end is on disk. */
export const LOCK_QUESTION: Statement = {
  name: 'outbox-lock-question',
  text: `SELECT notification_id AS "notificationId" FROM outbox WHERE notification_id = $1 AND ${leasedWith('$2')} FOR UPDATE`,
};

/** Whether attempt $2 was adopted with this sid and this rule and sentence, by a write whose answer was lost. */
export const IS_ADOPTED: Statement = {
  name: 'outbox-is-adopted',
  text: `
    SELECT 1 FROM attempts a
    WHERE a.id = $2 AND a.outcome = 'accepted' AND a.provider_sid = $3 AND EXISTS (
      SELECT 1 FROM decisions
      WHERE notification_id = $1 AND attempt_id = $2 AND rule = $4 AND sentence = $5)`,
};

/** Whether sid $3 is that of another attempt than $2. */
export const IS_ANOTHER_ATTEMPT: Statement = {
  name: 'outbox-is-another-attempt',
  text: `SELECT id FROM attempts WHERE notification_id = $1 AND id <> $2 AND provider_sid = $3 LIMIT 1`,
};
