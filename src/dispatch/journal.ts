import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { LOGGER } from '../logging/logger.js';
import type { AcceptedAttempt, OverdueDelivery, UnsuccessfulWork, Work } from '../outbox/work.js';
import type { Channel } from '../policy/vocabulary.js';
import type { Judgement } from '../reconciliation/judgement.js';

/** Hears of everything that dispatch does, for metrics and alerts. Must neither throw nor wait. */
export interface DispatchListener {
  onAccepted?(attempt: AcceptedAttempt): void;
  onUnsuccessful?(result: UnsuccessfulWork): void;
  onReconciled?(work: Work, result: Judgement['kind'], duplicates: number): void;
  /** Another channel takes over from a delivery that was accepted, but not delivered in time. */
  onOverdue?(delivery: OverdueDelivery, next: Channel): void;
  /** The lease had moved on, so nothing follows from the result; but a request may have been made. */
  onStale?(result: AcceptedAttempt | UnsuccessfulWork): void;
}

/** Logs one line per attempt and per decision, with ids, class, code and next step, and tells its listeners. */
@Injectable()
export class Journal {
  private readonly listeners = new Set<DispatchListener>();

  constructor(@Inject(LOGGER) private readonly log: Logger) {}

  subscribe(listener: DispatchListener): void {
    this.listeners.add(listener);
  }

  accepted(attempt: AcceptedAttempt): void {
    const { work, durationMs, httpStatus, providerSid, providerRequestId } = attempt;
    this.log.info(
      { ...ids(work), outcome: 'accepted', httpStatus, providerSid, providerRequestId, durationMs, status: 'sent' },
      'attempt accepted',
    );
    for (const listener of this.listeners) listener.onAccepted?.(attempt);
  }

  unsuccessful(result: UnsuccessfulWork): void {
    const { work, attempt, failure, step, decision } = result;
    // Waiting in a circuit needs no warning: thousands may wait there, and the circuit's own line has warned already.
    const level = step.kind === 'hold' && !attempt ? 'info' : 'warn';
    this.log[level](
      {
        ...ids(work),
        outcome: attempt ? failure?.outcome : undefined,
        httpStatus: failure?.httpStatus,
        providerCode: failure?.providerCode,
        providerRequestId: failure?.providerRequestId,
        errorClass: failure?.classification.errorClass,
        responsible: failure?.classification.responsible,
        durationMs: attempt?.durationMs,
        nextStep: step.kind,
        at: 'at' in step ? step.at : undefined,
        to: 'channel' in step ? step.channel : undefined,
        reason: step.reason,
        decision: decision?.rule,
      },
      attempt ? 'attempt failed' : 'no attempt made',
    );
    for (const listener of this.listeners) listener.onUnsuccessful?.(result);
  }

  reconciled(work: Work, judgement: Judgement): void {
    const { kind: result, because: reason } = judgement;
    const duplicates = judgement.kind === 'accepted' ? judgement.duplicates : 0;
    this.log.info({ ...ids(work), result, reason, duplicates }, 'attempt reconciled');
    for (const listener of this.listeners) listener.onReconciled?.(work, result, duplicates);
  }

  overdue(delivery: OverdueDelivery, next: Channel): void {
    const { notificationId } = delivery;
    this.log.info({ notificationId, nextStep: 'fallback', channel: next }, 'not delivered in time');
    for (const listener of this.listeners) listener.onOverdue?.(delivery, next);
  }

  stale(result: AcceptedAttempt | UnsuccessfulWork): void {
    this.log.warn(
      ids(result.work),
      'the lease had moved on before the result was recorded: nothing more follows from it',
    );
    for (const listener of this.listeners) listener.onStale?.(result);
  }
}

function ids(work: Work) {
  return {
    notificationId: work.notificationId,
    deliveryId: work.deliveryId,
    attemptId: work.attemptId,
    attempt: work.attemptNumber,
    channel: work.channel,
  };
}
