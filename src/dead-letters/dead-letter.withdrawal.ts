import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.js';
import { SYSTEM } from '../audit/system.actor.js';
import type { Statement, Transaction } from '../database/database.js';

const CLOSE_OPEN: Statement = {
  name: 'dead-letters-close-open',
  text: `
    UPDATE dead_letters SET state = 'resolved', resolution = 'discarded', resolved_at = service_now(),
      resolved_by = '${SYSTEM}', note = $2
    WHERE notification_id = $1 AND state = 'open'
    RETURNING id`,
};

/** Takes dead letters out of the review queue for the service. Humans resolve them in dead-letter.resolver.ts. */
@Injectable()
export class DeadLetterWithdrawal {
  constructor(private readonly audit: AuditLog) {}

  /**
   * Takes a notification out of the queue, since no human needs to look at it any more: it turned out that the provider
   * had accepted or delivered it, or another channel takes over. Must be called in the transaction that locks the
   * notification's row and changes its status; does nothing if no dead letter is open.
   * @param sentence why, for the dead letter's note
   */
  async withdraw(transaction: Transaction, notificationId: string, sentence: string): Promise<void> {
    for (const { id } of await transaction.run<{ id: string }>(CLOSE_OPEN, [notificationId, sentence])) {
      await this.audit.record(transaction, {
        actor: SYSTEM,
        action: 'dead_letter.discarded',
        subjectId: id,
        before: { state: 'open' },
        after: { state: 'resolved', resolution: 'discarded' },
        note: sentence,
      });
    }
  }
}
