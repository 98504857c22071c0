import type { DecisionRule } from '../policy/decision.rules.js';
import { Inject, Injectable } from '@nestjs/common';
import { newId } from '../identifiers/new-id.js';
import { Database, type Transaction } from '../database/database.js';
import { DeadLetterWithdrawal } from '../dead-letters/dead-letter.withdrawal.js';
import { recipientOf } from '../channels/corrected.js';
import { FallbackService } from '../channels/fallback.service.js';
import { DecisionLog } from '../explain/decision.log.js';
import { Circuits } from '../incidents/circuits.js';
import { RecipientMemory } from '../recipients/recipient-memory.js';
import { carriedTo } from '../outbox/carried-changes.js';
import { Outbox } from '../outbox/outbox.js';
import { PRIORITY, type Decision } from '../outbox/work.js';
import type { Classification } from '../policy/failure.js';
import { recordedStep, type NextStep } from '../policy/next-step.js';
import type { Channel } from '../policy/vocabulary.js';
import { classifyCallback, type CodeTable } from '../twilio/classification.js';
import { ERROR_CODE_TABLE } from '../twilio/error-codes/error-code-table.js';
import { effectOf } from '../twilio/reported-effect.js';
import {
  BIND_DELIVERY,
  CONCLUDE_WAITING,
  DELIVERED,
  DELIVERY_DELIVERED,
  DELIVERY_SENT,
  DROP_FALLBACK,
  END_DELIVERY,
  FAIL_NOTIFICATION,
  IS_KEPT,
  KEEP_CALLBACK,
  RECORD_ACCEPTANCE,
  RECORD_FAILED_CALLBACK,
  RECORD_IN_FLIGHT,
} from './apply-report.sql.js';
import { FIND_NOTIFICATION_OF_ATTEMPT, LOCK_NOTIFICATION, LOCK_OUTBOX_ROW, READ_STATE } from './attempt-state.sql.js';
import { valueOf } from './callback-form.js';
import { CallbackJournal, DELIVERED_AS, HEARD_AS } from './callback.journal.js';
import { failureOf, type FailureDecision } from './failure.decision.js';
import type { ProviderReport } from './provider-report.js';
import {
  type Acceptance,
  acceptanceOf,
  type FallbackState,
  fallbackOf,
  isAboutAnother,
  provesAcceptance,
  triedOnceDropped,
  watchSeconds,
} from './report.decision.js';
import { ACCEPTANCE_RULE, acceptanceSentence, afterFallbackRule, fallbackSentence } from './report.sentence.js';
import {
  correctionSince,
  isInFlight,
  isReplaced,
  type OutboxState,
  ownWork,
  type ReportedState,
  type Standing,
} from './report.state.js';

interface Reported extends Standing {
  readonly report: ProviderReport;
  readonly callbackId: string;
  readonly acceptance: Acceptance;
  readonly fallback: FallbackState;
}

type Found = { readonly notificationId: string; readonly deliveryId: string };

/** `repeated`: this sid and status were recorded already, or the report is about another attempt. */
export type Applied = 'applied' | 'repeated' | 'unknown_attempt';

/**
 * Applies one callback, or an answer that is known as late as one, with care: its whole notification is locked, so that
 * it meets a settled state however late, repeated or reordered it is. Ordinary callbacks do not come here
 * (record-progress.sql.ts).
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
    private readonly deadLetters: DeadLetterWithdrawal,
    private readonly journal: CallbackJournal,
    @Inject(ERROR_CODE_TABLE) private readonly codes: CodeTable,
  ) {}

  /** @param because what led to the report, recorded for the explanation if the report is applied */
  async apply(report: ProviderReport, because: Decision | null = null): Promise<Applied> {
    const [found] = await this.database.run<Found>(FIND_NOTIFICATION_OF_ATTEMPT, [report.attemptId]);
    if (!found) return 'unknown_attempt';
    for (;;) {
      const callbackId = newId();
      // Twilio would repeat a callback whose commit was not answered, and a repetition is told to nobody.
      const applied = await this.database.transaction(
        (transaction) => this.applyIn(transaction, report, callbackId, found, because),
        async () => (await this.database.run(IS_KEPT, [callbackId])).length > 0,
      );
      if (applied !== 'again') return applied;
    }
  }

  /** `again`: work appeared between the two locks, and must be locked first. */
  private async applyIn(
    transaction: Transaction,
    report: ProviderReport,
    callbackId: string,
    { notificationId, deliveryId }: Found,
    because: Decision | null,
  ): Promise<Applied | 'again'> {
    const { attemptId, providerSid } = report;
    const [outbox = null] = await transaction.run<OutboxState>(LOCK_OUTBOX_ROW, [notificationId]);
    await transaction.run(LOCK_NOTIFICATION, [notificationId]);
    const named = [notificationId, deliveryId, attemptId, providerSid];
    const [state] = await transaction.run<ReportedState>(READ_STATE, named);
    if (!state) return 'unknown_attempt';
    if (state.hasWork && !outbox) return 'again';
    if (isAboutAnother(report, state)) return 'repeated';
    if (report.evidence === 'callback' || report.evidence === 'receipt') {
      const { status, errorCode, params } = report;
      const values = [callbackId, attemptId, notificationId, deliveryId, providerSid, status, errorCode];
      const kept = await transaction.run(KEEP_CALLBACK, [...values, JSON.stringify(params)]);
      if (kept.length === 0) return 'repeated';
    }
    if (because) await this.decisions.record(transaction, { notificationId, deliveryId, attemptId, ...because });
    const standing = { attemptId, providerSid, state, outbox };
    const [acceptance, fallback] = [acceptanceOf(standing), fallbackOf(standing)];
    await this.take(transaction, { ...standing, report, callbackId, acceptance, fallback });
    return 'applied';
  }

  private async take(transaction: Transaction, reported: Reported): Promise<void> {
    const { report, attemptId, providerSid, state } = reported;
    if (provesAcceptance(report, state)) {
      await transaction.run(RECORD_ACCEPTANCE, [attemptId, state.id, state.deliveryId, providerSid]);
    }
    const effect = effectOf(report);
    if (effect === 'failed') return this.fail(transaction, reported);
    // That a failed message was on its way before answers no question about another attempt.
    if (effect === 'noted' && state.reportedFailed) return;
    const delivered = effect !== 'noted';
    if (correctionSince(state)) return this.note(transaction, reported, delivered);
    await this.accept(transaction, reported, delivered);
    if (delivered) await this.deliver(transaction, reported, effect === 'read');
  }

  /** For a delivery that a human has corrected since: records its outcome and leaves the corrected one as it is. */
  private async note(transaction: Transaction, reported: Reported, delivered: boolean): Promise<void> {
    const { report, state, acceptance, providerSid } = reported;
    await this.tellAcceptance(transaction, reported);
    if (acceptance.kind !== 'known') await transaction.run(DELIVERY_SENT, [state.deliveryId, providerSid]);
    if (!delivered) return;
    await transaction.run(DELIVERY_DELIVERED, [state.deliveryId]);
    transaction.afterCommit(() => this.journal.delivered(state, report, 'superseded'));
  }

  private async accept(transaction: Transaction, reported: Reported, delivered: boolean): Promise<void> {
    const { report, state, acceptance, fallback } = reported;
    await this.tellAcceptance(transaction, reported);
    const news = acceptance.binds || (delivered && state.deliveryStatus !== 'delivered');
    const dropped = news && (fallback === 'unsent' || fallback === 'in_doubt');
    if (dropped) {
      const status = fallback === 'unsent' ? 'canceled' : 'failed';
      await transaction.run(DROP_FALLBACK, [state.id, state.deliveryId, status]);
    }
    if (news && fallback !== 'none') {
      const sentence = fallbackSentence(reported, delivered, fallback);
      await this.decide(transaction, reported, afterFallbackRule(reported, delivered), sentence);
    }
    if (!acceptance.binds) return;
    const watch = delivered ? null : watchSeconds(reported, fallback, this.remaining(reported, dropped));
    await this.bind(transaction, reported, watch);
    if (acceptance.kind === 'after_all') {
      await this.deadLetters.withdraw(
        transaction,
        state.id,
        acceptanceSentence(reported, report.evidence, 'after_all', fallback),
      );
    }
  }

  private async tellAcceptance(transaction: Transaction, reported: Reported): Promise<void> {
    const { kind } = reported.acceptance;
    if (kind === 'known' || kind === 'ahead_of_answer') return;
    const { evidence } = reported.report;
    const sentence = acceptanceSentence(reported, evidence, kind, reported.fallback);
    await this.decide(transaction, reported, ACCEPTANCE_RULE[evidence], sentence);
    transaction.afterCommit(() => this.journal.acceptance(reported.state.id, reported.report, HEARD_AS[kind]));
  }

  private async decide(transaction: Transaction, { state, attemptId }: Reported, rule: DecisionRule, sentence: string) {
    const { id: notificationId, deliveryId } = state;
    await this.decisions.record(transaction, { notificationId, deliveryId, attemptId, rule, sentence });
  }

  private async bind(transaction: Transaction, reported: Reported, watch: number | null) {
    const { state, providerSid, attemptId } = reported;
    const { id, deliveryId, category } = state;
    const own = ownWork(reported);
    if (own && own.attemptId !== attemptId) {
      if (isInFlight(own)) await transaction.run(RECORD_IN_FLIGHT, [id, own.attemptId]);
      else await transaction.run(CONCLUDE_WAITING, [id, deliveryId]);
    }
    await transaction.run(BIND_DELIVERY, [id, deliveryId, providerSid, watch, PRIORITY[category]]);
  }

  private remaining(standing: Standing, dropped: boolean): Channel[] {
    return this.fallback.remaining({ ...standing.state, tried: triedOnceDropped(standing, dropped) });
  }

  private async deliver(transaction: Transaction, reported: Reported, read: boolean): Promise<void> {
    const { report, state, fallback } = reported;
    await transaction.run(DELIVERED, [state.id, state.deliveryId, read]);
    if (state.status === 'failed') {
      const sentence = `The provider reported it delivered by ${state.channel}.`;
      await this.deadLetters.withdraw(transaction, state.id, sentence);
    }
    const kind = state.deliveryStatus === 'delivered' ? 'delivered' : DELIVERED_AS[fallback];
    transaction.afterCommit(() => this.journal.delivered(state, report, kind));
  }

  private async fail(transaction: Transaction, reported: Reported): Promise<void> {
    const { report, state, acceptance } = reported;
    const classification = classifyCallback({ ...report, channel: state.channel }, this.codes);
    const knownBefore = acceptance.kind === 'known';
    const decision = failureOf(reported, knownBefore, classification, this.remaining(reported, false));
    if (!decision) return;
    if (decision.endsDelivery && acceptance.binds && !isReplaced(reported) && state.status !== 'failed') {
      await this.tellAcceptance(transaction, reported);
      await this.bind(transaction, reported, null);
    }
    const recipient = recipientOf(state);
    await this.recordFailure(transaction, reported, recipient, classification, decision.step);
    if (decision.endsDelivery) await transaction.run(END_DELIVERY, [state.deliveryId]);
    await this.memory.learn(transaction, { ...state, ...report, recipient, classification });
    // At once: it proves the same whether or not this reaches the disk, without waiting for Twilio to repeat it.
    this.circuits.onReported(state, classification, report.errorCode);
    if (decision.carriedOut) await this.follow(transaction, reported, classification, decision);
    transaction.afterCommit(() => this.journal.failed(state, report, classification, decision.step));
  }

  private async recordFailure(
    transaction: Transaction,
    { report, callbackId, state }: Reported,
    recipient: string,
    classification: Classification,
    step: NextStep,
  ): Promise<void> {
    await transaction.run(RECORD_FAILED_CALLBACK, [
      report.attemptId,
      callbackId,
      state.id,
      state.deliveryId,
      state.clientId,
      recipient,
      state.channel,
      report.errorCode,
      valueOf(report.params, 'ErrorMessage', 'ChannelStatusMessage'),
      JSON.stringify(report.params),
      classification.errorClass,
      classification.responsible,
      classification.rule,
      JSON.stringify(recordedStep(step)),
    ]);
  }

  private async follow(
    transaction: Transaction,
    { report, state }: Reported,
    classification: Classification,
    { step }: FailureDecision,
  ): Promise<void> {
    if (step.kind === 'fallback') {
      const { channel } = step;
      const sender = this.fallback.senderOf(channel);
      const { id: notificationId, category } = state;
      const changes = carriedTo(state.changes);
      await this.outbox.startDelivery(transaction, { notificationId, category, channel, sender, changes });
      const sentence = `A callback reported it failed on ${state.channel}: ${channel} takes over, and no human needs to look at it.`;
      if (state.awaitsReview) await this.deadLetters.withdraw(transaction, state.id, sentence);
      return;
    }
    await transaction.run(FAIL_NOTIFICATION, [
      state.id,
      state.deliveryId,
      step.kind === 'dead_letter',
      classification.errorClass,
      report.errorCode,
      state.channel,
      step.reason,
    ]);
  }
}
