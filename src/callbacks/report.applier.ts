import { Inject, Injectable } from '@nestjs/common';
import { newId } from '../identifiers/new-id.js';
import { Database, type Transaction } from '../database/database.js';
import { DeadLetterReview } from '../dead-letters/dead-letter.review.js';
import { FallbackService } from '../channels/fallback.service.js';
import { DecisionLog } from '../explain/decision.log.js';
import { Circuits } from '../incidents/circuits.js';
import { RecipientMemory } from '../incidents/recipient-memory.js';
import { Outbox } from '../outbox/outbox.js';
import type { Classification } from '../policy/failure.js';
import { afterLastAttempt, type NextStep } from '../policy/next-step.js';
import { classifyCallback, type CodeTable } from '../twilio/classification.js';
import { ERROR_CODE_TABLE } from '../twilio/error-codes/error-code-table.js';
import {
  BIND_DELIVERY,
  DELIVERED,
  DROP_FALLBACK,
  END_DELIVERY,
  FAIL_NOTIFICATION,
  KEEP_CALLBACK,
  RECORD_ACCEPTANCE,
  RECORD_FAILED_CALLBACK,
} from './apply-report.sql.js';
import { FIND_NOTIFICATION_OF_ATTEMPT, LOCK_OUTBOX_ROW, LOCK_STATE } from './attempt-state.sql.js';
import { CallbackJournal } from './callback.journal.js';
import { effectOf, type ProviderReport } from './provider-report.js';
import {
  type Acceptance,
  acceptanceOf,
  deliveredOf,
  endsDelivery,
  type OutboxState,
  type ReportedState,
} from './report.decision.js';

interface Reported {
  readonly report: ProviderReport;
  readonly callbackId: string;
  readonly deliveryId: string;
  readonly state: ReportedState;
  readonly outbox: OutboxState | null;
}

/** `applied`, `repeated` (this sid and status were there already), or `unknown_attempt`. */
export type Applied = 'applied' | 'repeated' | 'unknown_attempt';

/**
 * Applies one callback with care: everything of its notification is locked, so that a late, repeated or reordered
 * callback meets a settled state. The ordinary ones do not come here (record-progress.sql.ts).
 */
@Injectable()
export class ReportApplier {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly fallback: FallbackService,
    private readonly decisions: DecisionLog,
    private readonly memory: RecipientMemory,
    private readonly circuits: Circuits,
    private readonly review: DeadLetterReview,
    private readonly journal: CallbackJournal,
    @Inject(ERROR_CODE_TABLE) private readonly codes: CodeTable,
  ) {}

  async apply(report: ProviderReport): Promise<Applied> {
    const [found] = await this.database.run<{ notificationId: string; deliveryId: string }>(
      FIND_NOTIFICATION_OF_ATTEMPT,
      [report.attemptId],
    );
    if (!found) return 'unknown_attempt';
    const { notificationId, deliveryId } = found;
    return this.database.transaction(async (transaction) => {
      const [outbox] = await transaction.run<OutboxState>(LOCK_OUTBOX_ROW, [notificationId]);
      const [state] = await transaction.run<ReportedState>(LOCK_STATE, [notificationId, deliveryId, report.attemptId]);
      if (!state) return 'unknown_attempt';
      const callbackId = newId();
      const kept = await transaction.run(KEEP_CALLBACK, [
        callbackId,
        report.attemptId,
        notificationId,
        deliveryId,
        report.providerSid,
        report.status,
        report.errorCode,
        JSON.stringify(report.params),
      ]);
      if (kept.length === 0) return 'repeated';
      await this.take(transaction, { report, callbackId, deliveryId, state, outbox: outbox ?? null });
      return 'applied';
    });
  }

  private async take(transaction: Transaction, reported: Reported): Promise<void> {
    const { report, deliveryId, state, outbox } = reported;
    const acceptance = acceptanceOf(state, deliveryId, report.attemptId, outbox);
    if (acceptance !== 'known') await this.accept(transaction, reported, acceptance);
    const effect = effectOf(report);
    if (effect === 'delivered' || effect === 'read') await this.deliver(transaction, reported, effect === 'read');
    const open = acceptance === 'known' ? state : { ...state, deliveryStatus: 'sent' as const };
    if (endsDelivery(effect, open)) await this.fail(transaction, reported);
  }

  private async accept(
    transaction: Transaction,
    { report, deliveryId, state }: Reported,
    acceptance: Exclude<Acceptance, 'known'>,
  ): Promise<void> {
    await transaction.run(RECORD_ACCEPTANCE, [report.attemptId, state.id, deliveryId, report.providerSid]);
    if (acceptance === 'ahead_of_answer') return this.bind(transaction, report, deliveryId, state);
    const sentence = {
      bound: 'A callback carries the id of the attempt: it was accepted, and nothing is sent again.',
      duplicate:
        'A late callback shows that the attempt was accepted although it was sent again: the recipient gets it twice.',
      after_all: 'A late callback shows that the attempt was accepted after all: no human needs to look at it.',
    }[acceptance];
    await this.decisions.record(transaction, {
      notificationId: state.id,
      deliveryId,
      attemptId: report.attemptId,
      rule: 'callback',
      sentence,
    });
    this.journal.acceptance(state.id, report, acceptance);
    if (acceptance === 'duplicate') return;
    await this.bind(transaction, report, deliveryId, state);
    if (acceptance === 'after_all') await this.review.acceptedAfterAll(transaction, state.id, sentence);
  }

  private async bind(
    transaction: Transaction,
    report: ProviderReport,
    deliveryId: string,
    state: ReportedState,
  ): Promise<void> {
    const watch = this.fallback.remaining(state).length > 0 ? state.fallbackAfterSeconds : null;
    await transaction.run(BIND_DELIVERY, [state.id, deliveryId, report.providerSid, watch]);
  }

  private async deliver(transaction: Transaction, reported: Reported, read: boolean): Promise<void> {
    const { report, deliveryId, state, outbox } = reported;
    const kind = deliveredOf(state, deliveryId, outbox);
    if (kind !== 'delivered') {
      if (kind === 'drop_fallback') await transaction.run(DROP_FALLBACK, [state.id, deliveryId]);
      await this.decisions.record(transaction, {
        notificationId: state.id,
        deliveryId,
        attemptId: report.attemptId,
        rule: 'delivered after a fallback was decided',
        sentence:
          kind === 'drop_fallback'
            ? `It was delivered by ${state.channel} after a fallback was decided; the fallback had not left and is dropped.`
            : `It was delivered by ${state.channel} after its fallback had left: the recipient gets it twice.`,
      });
    }
    await transaction.run(DELIVERED, [state.id, deliveryId, read]);
    if (state.status === 'failed') {
      const sentence = `The provider reported it delivered by ${state.channel}.`;
      await this.review.acceptedAfterAll(transaction, state.id, sentence);
    }
    this.journal.delivered(state, report, kind);
  }

  private async fail(transaction: Transaction, reported: Reported): Promise<void> {
    const { report, callbackId, deliveryId, state } = reported;
    const classification = classifyCallback({ ...report, channel: state.channel }, this.codes);
    const current = state.latestDeliveryId === deliveryId;
    const step: NextStep = current
      ? afterLastAttempt(classification, this.fallback.remaining(state), `${classification.rule} after acceptance`)
      : { kind: 'none', reason: 'another delivery has taken over already' };
    await transaction.run(RECORD_FAILED_CALLBACK, [
      report.attemptId,
      callbackId,
      state.id,
      deliveryId,
      state.clientId,
      state.recipient,
      state.channel,
      report.errorCode,
      textOf(report.params['ErrorMessage'] ?? report.params['ChannelStatusMessage']),
      JSON.stringify(report.params),
      classification.errorClass,
      classification.responsible,
      classification.rule,
      JSON.stringify(step),
    ]);
    await transaction.run(END_DELIVERY, [deliveryId]);
    const recipient = state.changes?.to ?? state.recipient;
    await this.memory.learn(transaction, { ...state, ...report, recipient, classification });
    this.circuits.onReported(state, classification);
    if (current) await this.follow(transaction, reported, classification, step);
    this.journal.failed(state, report, classification, step);
  }

  private async follow(
    transaction: Transaction,
    { report, deliveryId, state }: Reported,
    classification: Classification,
    step: NextStep,
  ): Promise<void> {
    if (step.kind === 'fallback') {
      const { sender } = this.fallback.prepare(step.channel);
      const { id: notificationId, category } = state;
      await this.outbox.startDelivery(transaction, { notificationId, category, channel: step.channel, sender });
      return;
    }
    await transaction.run(FAIL_NOTIFICATION, [
      state.id,
      deliveryId,
      step.kind === 'dead_letter',
      classification.errorClass,
      report.errorCode,
      state.channel,
      step.reason,
    ]);
  }
}

function textOf(value: string | string[] | undefined): string | null {
  return (Array.isArray(value) ? value[0] : value) ?? null;
}
