import type { DecisionRule } from '../policy/decision.rules.js';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database/database.js';
import { newId } from '../identifiers/new-id.js';

/** A decision that is not an attempt's next step, to be recorded for the notification's explanation. */
export interface RecordedDecision {
  readonly notificationId: string;
  readonly deliveryId: string;
  readonly attemptId?: string;
  readonly rule: DecisionRule;
  /** What was decided and why, as a full sentence without phone numbers or bodies. */
  readonly sentence: string;
}

const RECORD_DECISION = {
  name: 'record-decision',
  text: `INSERT INTO decisions (id, notification_id, delivery_id, attempt_id, at, rule, sentence)
         SELECT id, notification_id, delivery_id, attempt_id, service_now(), rule, sentence
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[])
           AS r (id, notification_id, delivery_id, attempt_id, rule, sentence)`,
};

/** Records decisions, in the transaction that carries them out. */
@Injectable()
export class DecisionLog {
  async record(transaction: Transaction, ...decisions: readonly RecordedDecision[]): Promise<void> {
    await transaction.run(RECORD_DECISION, [
      // Ids are made here: the decisions of one transaction share a time, and their ids keep them in the order they
      // were made.
      decisions.map(() => newId()),
      decisions.map(({ notificationId }) => notificationId),
      decisions.map(({ deliveryId }) => deliveryId),
      decisions.map(({ attemptId }) => attemptId ?? null),
      decisions.map(({ rule }) => rule),
      decisions.map(({ sentence }) => sentence),
    ]);
  }
}
