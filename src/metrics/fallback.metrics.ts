import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';
import { CallbackJournal } from '../callbacks/callback.journal.js';
import { Journal } from '../dispatch/journal.js';
import { deadLetterClass } from '../outbox/work.js';
import { CLASS_POLICY } from '../policy/class.policy.js';
import { CHANNELS, ERROR_CLASSES, type Channel, type ErrorClass } from '../policy/vocabulary.js';

/** Nothing had failed: it was accepted, but not delivered in time. */
const NO_FAILURE = 'none';

/**
 * Deliveries that another channel takes over by itself, wherever that is decided. When a human sends on another
 * channel, it does not count: that is a choice, and in the audit log.
 */
@Injectable()
export class FallbackMetrics implements OnModuleInit {
  private readonly fallbacks: Counter<'from' | 'to' | 'error_class'>;

  constructor(
    private readonly journal: Journal,
    private readonly callbacks: CallbackJournal,
    registry: Registry,
  ) {
    this.fallbacks = new Counter({
      name: 'postrider_fallbacks_total',
      help: 'Deliveries that another channel took over by itself, by what made it do so; none: it was not delivered in time.',
      labelNames: ['from', 'to', 'error_class'],
      registers: [registry],
    });
  }

  onModuleInit(): void {
    this.beginAtZero();
    this.journal.subscribe({
      onUnsuccessful: (result) => {
        const { work, step } = result;
        if (step.kind === 'fallback') this.count(work.channel, step.channel, deadLetterClass(result));
      },
      onOverdue: ({ channel }, next) => this.count(channel, next, NO_FAILURE),
    });
    this.callbacks.subscribe({
      onFailed: ({ channel }, _, { errorClass }, step) => {
        if (step.kind === 'fallback') this.count(channel, step.channel, errorClass);
      },
    });
  }

  /** Series start at zero, as a rate begins with the second sample. Classes that never fall back have none. */
  private beginAtZero(): void {
    const classes = ERROR_CLASSES.filter((errorClass) => CLASS_POLICY[errorClass].fallback !== 'never');
    for (const from of CHANNELS) {
      for (const to of CHANNELS.filter((channel) => channel !== from)) {
        for (const errorClass of [...classes, NO_FAILURE] as const) this.count(from, to, errorClass, 0);
      }
    }
  }

  private count(from: Channel, to: Channel, errorClass: ErrorClass | typeof NO_FAILURE, by = 1): void {
    this.fallbacks.inc({ from, to, error_class: errorClass }, by);
  }
}
