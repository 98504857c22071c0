import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { Dispatcher } from '../dispatch/dispatcher.service.js';
import { Journal } from '../dispatch/journal.js';
import { NotificationIntake } from '../outbox/notification.intake.js';
import { Outbox } from '../outbox/outbox.js';
import {
  deadLetterClass,
  type AcceptedAttempt,
  type NewNotification,
  type UnsuccessfulWork,
  type Work,
} from '../outbox/work.js';
import { CHANNELS, ERROR_CLASSES, type ErrorClass, type Outcome } from '../policy/vocabulary.js';
import type { Judgement } from '../reconciliation/judgement.js';
import { BUCKETS } from './buckets.js';
import { FailureMetrics } from './failure.metrics.js';

const RECONCILIATIONS = [
  'accepted',
  'rejected',
  'absent',
  'ambiguous',
  'unanswered',
] as const satisfies readonly Judgement['kind'][];

/** What this process accepts and sends. Labels are closed sets: never a phone number, an id or a code. */
@Injectable()
export class DispatchMetrics implements OnModuleInit {
  private readonly accepted: Counter<'category' | 'channel'>;
  private readonly attempts: Counter<'channel' | 'outcome' | 'error_class'>;
  private readonly requests: Histogram<'channel' | 'outcome'>;
  private readonly toSent: Histogram<'channel' | 'category'>;
  private readonly rescues: Counter;
  private readonly reconciliations: Counter<'result'>;
  private readonly possibleDuplicates: Counter;
  private readonly suppressed: Counter;
  private readonly stale: Counter;

  constructor(
    private readonly intake: NotificationIntake,
    private readonly outbox: Outbox,
    private readonly journal: Journal,
    private readonly failures: FailureMetrics,
    dispatcher: Dispatcher,
    registry: Registry,
  ) {
    const registers = [registry];
    this.accepted = new Counter({
      name: 'postrider_notifications_accepted_total',
      help: 'Notifications stored with a 202; repetitions of a key are not counted.',
      labelNames: ['category', 'channel'],
      registers,
    });
    this.attempts = new Counter({
      name: 'postrider_attempts_total',
      help: 'Requests to the provider to send something, by their outcome.',
      labelNames: ['channel', 'outcome', 'error_class'],
      registers,
    });
    this.requests = new Histogram({
      name: 'postrider_provider_request_seconds',
      help: 'How long the provider took to answer such a request.',
      labelNames: ['channel', 'outcome'],
      buckets: [...BUCKETS.request],
      registers,
    });
    this.toSent = new Histogram({
      name: 'postrider_accept_to_sent_seconds',
      help: 'From the 202 to the acceptance by the provider, on each channel; the wait for a sendAt is part of it.',
      labelNames: ['channel', 'category'],
      buckets: [...BUCKETS.toSent],
      registers,
    });
    this.rescues = new Counter({
      name: 'postrider_lease_rescues_total',
      help: 'Leases that had expired: a process died, or lost the database, with an attempt in flight.',
      registers,
    });
    this.reconciliations = new Counter({
      name: 'postrider_reconciliations_total',
      help: 'What asking about an attempt with an unknown outcome has shown.',
      labelNames: ['result'],
      registers,
    });
    this.possibleDuplicates = new Counter({
      name: 'postrider_possible_duplicates_total',
      help: 'Attempts made although an earlier one may have been accepted all the same.',
      registers,
    });
    this.suppressed = new Counter({
      name: 'postrider_suppressed_total',
      help: 'Sends that were not made because the recipient opted out.',
      registers,
    });
    this.stale = new Counter({
      name: 'postrider_settlement_stale_total',
      help: 'Results that came after their lease had moved on.',
      registers,
    });
    const inFlight: Gauge = new Gauge({
      name: 'postrider_attempts_in_flight',
      help: 'Attempts under way in this process.',
      registers,
      collect: () => inFlight.set(dispatcher.inFlight),
    });
  }

  onModuleInit(): void {
    for (const result of RECONCILIATIONS) this.reconciliations.inc({ result }, 0);
    this.beginAtZero();
    this.intake.subscribe((notification) => this.onStored(notification));
    this.outbox.subscribe((count) => this.rescues.inc(count));
    this.journal.subscribe({
      onAccepted: (attempt) => this.onAccepted(attempt),
      onUnsuccessful: (result) => this.onUnsuccessful(result),
      onReconciled: (_, result, duplicates) => {
        this.reconciliations.inc({ result });
        this.failures.confirmedDuplicates.inc(duplicates);
      },
      onStale: (result) => this.onStale(result),
    });
  }

  /** A rate begins with the second sample: without these, a process that has accepted nothing yet has none. */
  private beginAtZero(): void {
    for (const channel of CHANNELS) {
      this.attempts.inc({ channel, outcome: 'accepted', error_class: 'none' }, 0);
      this.attempts.inc({ channel, outcome: 'unknown', error_class: 'provider_fault' }, 0);
      for (const errorClass of ERROR_CLASSES) {
        this.attempts.inc({ channel, outcome: 'rejected', error_class: errorClass }, 0);
      }
    }
  }

  private onStored({ category, channels: [channel] }: NewNotification): void {
    if (channel) this.accepted.inc({ category, channel });
  }

  private onAccepted({ work, startedAt, durationMs, httpStatus }: AcceptedAttempt): void {
    const { channel, category, createdAt } = work;
    const sentAt = startedAt.getTime() + durationMs;
    this.toSent.observe({ channel, category }, Math.max(0, sentAt - createdAt.getTime()) / 1000);
    // Without a status, a look-up found it accepted; its request was counted when its outcome was unknown.
    if (httpStatus !== null) this.countAttempt(work, 'accepted', 'none', durationMs);
  }

  private onUnsuccessful(result: UnsuccessfulWork): void {
    const { attempt, failure, step, decision } = result;
    this.countFailed(result);
    if (attempt && failure?.classification.unknownCode) this.failures.unknownCodes.inc();
    if (decision?.rule === 'suppression') this.suppressed.inc();
    if (step.kind === 'dead_letter') this.failures.deadLetters.inc({ error_class: deadLetterClass(result) });
  }

  /** Often a callback was faster than the answer to the request, which was made nevertheless. */
  private onStale(result: AcceptedAttempt | UnsuccessfulWork): void {
    this.stale.inc();
    if ('providerSid' in result) this.onAccepted(result);
    else this.countFailed(result);
  }

  private countFailed({ work, attempt, failure }: UnsuccessfulWork): void {
    if (!attempt || !failure) return;
    this.countAttempt(work, failure.outcome, failure.classification.errorClass, attempt.durationMs);
  }

  private countAttempt(work: Work, outcome: Outcome, errorClass: ErrorClass | 'none', durationMs: number): void {
    const { channel, possibleDuplicate } = work;
    this.attempts.inc({ channel, outcome, error_class: errorClass });
    this.requests.observe({ channel, outcome }, durationMs / 1000);
    if (possibleDuplicate) this.possibleDuplicates.inc();
  }
}
