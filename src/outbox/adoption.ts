import { plainArray } from '../database/array-literal.js';
import type { StatementRunner } from '../database/database.js';
import { IS_ADOPTED, IS_ANOTHER_ATTEMPT, LOCK_QUESTION } from './adopt.sql.js';
import { GIVE_BACK } from './give-back.sql.js';
import { settleAccepted, type SettleOutcome } from './settlement.js';
import type { AcceptedAttempt, Decision } from './work.js';

/**
 * Records, in the caller's transaction, that an attempt in doubt turned out to be accepted. Since the look-up, a
 * callback may have assigned the message found to another attempt (as failed, or this question would be over). Then it
 * answers nothing here (`stale`), and the question is asked anew.
 */
export async function adopt(transaction: StatementRunner, attempt: AcceptedAttempt): Promise<SettleOutcome> {
  const { notificationId, leaseToken, attemptId } = attempt.work;
  const locked = await transaction.run(LOCK_QUESTION, [notificationId, leaseToken]);
  if (locked.length === 0) return 'late';
  const another = await transaction.run(IS_ANOTHER_ATTEMPT, [notificationId, attemptId, attempt.providerSid]);
  if (another.length > 0) {
    await transaction.run(GIVE_BACK, [plainArray([notificationId]), plainArray([leaseToken])]);
    return 'stale';
  }
  const [outcome = 'stale'] = await settleAccepted(transaction, [attempt]);
  return outcome;
}

/** Whether a write whose reply was lost has put this adoption on disk already. */
export async function isAdopted(
  runner: StatementRunner,
  { work, providerSid }: AcceptedAttempt,
  { rule, sentence }: Decision,
): Promise<boolean> {
  const found = await runner.run(IS_ADOPTED, [work.notificationId, work.attemptId, providerSid, rule, sentence]);
  return found.length > 0;
}
