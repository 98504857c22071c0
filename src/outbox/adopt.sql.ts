import type { Statement } from '../database/database.js';
import { leasedWith } from './row-state.sql.js';

/** Locks the question of $1 leased with $2: no report about its attempts is applied before its answer is on disk. */
export const LOCK_QUESTION: Statement = {
  name: 'outbox-lock-question',
  text: `SELECT notification_id AS "notificationId" FROM outbox WHERE notification_id = $1 AND ${leasedWith('$2')} FOR UPDATE`,
};

/** Whether a write whose reply was lost has adopted attempt $2 with this sid, rule and sentence. */
export const IS_ADOPTED: Statement = {
  name: 'outbox-is-adopted',
  text: `
    SELECT 1 FROM attempts a
    WHERE a.id = $2 AND a.outcome = 'accepted' AND a.provider_sid = $3 AND EXISTS (
      SELECT 1 FROM decisions
      WHERE notification_id = $1 AND attempt_id = $2 AND rule = $4 AND sentence = $5)`,
};

/** Whether sid $3 belongs to an attempt other than $2. */
export const IS_ANOTHER_ATTEMPT: Statement = {
  name: 'outbox-is-another-attempt',
  text: `SELECT id FROM attempts WHERE notification_id = $1 AND id <> $2 AND provider_sid = $3 LIMIT 1`,
};
