import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Counter, Histogram, Registry } from 'prom-client';
import { CallbackJournal } from '../callbacks/callback.journal.js';
import { RECEIPT_ANSWERS, ReceiptQuestion } from '../receipts/receipt.question.js';
import { BUCKETS } from './buckets.js';
import { FailureMetrics } from './failure.metrics.js';

/**
 * What a callback did. `recorded`: progress that ended nothing. `bound`, `after_all`, `duplicate`: it showed that an
 * attempt with an unknown outcome was accepted, in time, after it was given up, or after it was sent again.
 * `delivered`, `failed`: it ended a delivery. One callback may count as one of those three and as one of these two.
 * `unknown`: nothing, for its attempt is not here. `refused`, `unsigned`: nothing, for its signature is wrong or missing.
 */
const RESULTS = [
  'recorded',
  'bound',
  'after_all',
  'duplicate',
  'delivered',
  'failed',
  'unknown',
  'refused',
  'unsigned',
] as const;

/** What the provider reports to this process. */
@Injectable()
export class CallbackMetrics implements OnModuleInit {
  private readonly callbacks: Counter<'result'>;
  private readonly missing: Counter<'answer'>;
  private readonly toDelivered: Histogram<'channel' | 'category'>;

  constructor(
    private readonly journal: CallbackJournal,
    private readonly receipts: ReceiptQuestion,
    private readonly failures: FailureMetrics,
    registry: Registry,
  ) {
    const registers = [registry];
    this.callbacks = new Counter({
      name: 'postrider_callbacks_total',
      help: 'Status callbacks by what they did; refused ones have a bad signature, unsigned ones none.',
      labelNames: ['result'],
      registers,
    });
    this.missing = new Counter({
      name: 'postrider_missing_receipts_total',
      help: 'Look-ups of accepted messages whose final status no callback reported, by answer.',
      labelNames: ['answer'],
      registers,
    });
    this.toDelivered = new Histogram({
      name: 'postrider_accept_to_delivered_seconds',
      help: 'From the 202 to the callback that reports the delivery; the wait for a sendAt is part of it.',
      labelNames: ['channel', 'category'],
      buckets: [...BUCKETS.toDelivered],
      registers,
    });
  }

  onModuleInit(): void {
    const count = (result: (typeof RESULTS)[number], by = 1) => this.callbacks.inc({ result }, by);
    for (const result of RESULTS) count(result, 0);
    for (const answer of RECEIPT_ANSWERS) this.missing.inc({ answer }, 0);
    this.receipts.subscribe((answer) => this.missing.inc({ answer }));
    this.journal.subscribe({
      onProgress: (progressed, delivered) => {
        count('recorded', progressed - delivered.length);
        count('delivered', delivered.length);
        for (const { channel, category, seconds } of delivered)
          this.toDelivered.observe({ channel, category }, seconds);
      },
      onAcceptance: (kind) => {
        count(kind);
        if (kind === 'duplicate') this.failures.confirmedDuplicates.inc();
      },
      onDelivered: ({ status, channel, category, ageSeconds }, kind) => {
        if (kind === 'delivered_twice') this.failures.confirmedDuplicates.inc();
        if (status === 'delivered' || kind === 'superseded') return;
        count('delivered');
        this.toDelivered.observe({ channel, category }, ageSeconds);
      },
      onFailed: (_, __, { errorClass, unknownCode }, step) => {
        count('failed');
        if (unknownCode) this.failures.unknownCodes.inc();
        if (step.kind === 'dead_letter') this.failures.deadLetters.inc({ error_class: errorClass });
      },
      onUnknownAttempt: () => count('unknown'),
      onRefused: count,
    });
  }
}
