import type { DecisionRule } from '../policy/decision.rules.js';
import { Injectable } from '@nestjs/common';
import type { StatementRunner } from '../database/database.js';
import { newId } from '../identifiers/new-id.js';

/** A decision that is no attempt's next step, for the explanation of a notification. */
export interface RecordedDecision {
  readonly notificationId: string;
  readonly deliveryId?: string;
  readonly attemptId?: string;
  readonly rule: DecisionRule;
  /** What was decided and why, as a whole sentence; no number, no body. */
  readonly sentence: string;
}

const RECORD_DECISION = {
  name: 'record-decision',
  text: `INSERT INTO decisions (id, notification_id, delivery_id, attempt_id, at, rule, sentence)
         VALUES ($1, $2, $3, $4, service_now(), $5, $6)`,
};

/** Writes decisions down, in the transaction that carries them out where there is one. */
@Injectable()
export class DecisionLog {
  async record(runner: StatementRunner, decision: RecordedDecision): Promise<void> {
    const { notificationId, deliveryId = null, attemptId = null, rule, sentence } = decision;
    // Made here: those of one transaction have one time, and are told in the order in which they were decided.
    await runner.run(RECORD_DECISION, [newId(), notificationId, deliveryId, attemptId, rule, sentence]);
  }
}
