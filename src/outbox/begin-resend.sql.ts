import type { Statement } from '../database/database.js';
import { recordDecision } from './record-decision.sql.js';
import { leasedWith, NEXT_ATTEMPT } from './row-state.sql.js';

/**
 * Turns leased `reconcile` work into the next attempt: the provider's list does not show the earlier attempt (or may
 * not be read), and the client allows another one, which may be a duplicate. The new attempt's id is on disk before its
 * request leaves.
 */
export const BEGIN_RESEND: Statement = {
  name: 'outbox-begin-resend',
  text: `
    WITH resent AS (
      UPDATE outbox SET stage = 'send', attempt_id = new_uuid_v7(), attempt_started_at = service_now(),
        attempts = ${NEXT_ATTEMPT}, lookups = 0, possible_duplicate = true,
        leased_until = service_now() + $3 * interval '1 millisecond'
      WHERE notification_id = $1 AND ${leasedWith('$2')}
      RETURNING notification_id, delivery_id, attempt_id, attempt_started_at, attempts
    ), decided AS (
      ${recordDecision('resent', 'reconciliation', '$4', 'attempt_id')}
    )
    SELECT attempt_id AS "attemptId", attempt_started_at AS "attemptStartedAt", attempts AS "attemptNumber" FROM resent`,
};
