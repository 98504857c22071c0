import { Injectable } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';
import { ERROR_CLASSES } from '../policy/vocabulary.js';

/** Counters that both attempts and callbacks add to. */
@Injectable()
export class FailureMetrics {
  readonly confirmedDuplicates: Counter;
  readonly deadLetters: Counter<'error_class'>;
  readonly unknownCodes: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.confirmedDuplicates = new Counter({
      name: 'postrider_confirmed_duplicates_total',
      help: 'Messages of which the provider shows that the recipient got them more than once.',
      registers,
    });
    this.deadLetters = new Counter({
      name: 'postrider_dead_letters_total',
      help: 'Notifications that came into the review queue.',
      labelNames: ['error_class'],
      registers,
    });
    this.unknownCodes = new Counter({
      name: 'postrider_unknown_provider_codes_total',
      help: 'Failures with a code that the error catalogue does not know; the log and the failure history have it.',
      registers,
    });
    for (const errorClass of ERROR_CLASSES) this.deadLetters.inc({ error_class: errorClass }, 0);
  }
}
