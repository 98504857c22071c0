import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { ReportApplier } from '../callbacks/report.applier.js';
import { Circuits } from '../incidents/circuits.js';
import { LOGGER } from '../logging/logger.js';
import type { Channel, ErrorClass } from '../policy/vocabulary.js';
import { ProviderError } from '../twilio/provider.error.js';
import { effectOf } from '../twilio/reported-effect.js';
import { TwilioClient } from '../twilio/twilio.client.js';
import type { TwilioRecord } from '../twilio/twilio.records.js';
import { RESOURCE_OF } from '../twilio/resource.js';
import { reportOf } from './receipt.report.js';

/** An accepted attempt whose end no callback has reported. */
export interface MissingReceipt {
  readonly attemptId: string;
  readonly notificationId: string;
  readonly deliveryId: string;
  readonly providerSid: string;
  readonly channel: Channel;
  readonly sender: string;
}

/**
 * The result of asking. `under_way`: the provider does not know an end either. `gone`: it does not have the message, or
 * no longer. `unanswered`: it did not say.
 */
export const RECEIPT_ANSWERS = ['delivered', 'failed', 'under_way', 'gone', 'unanswered'] as const;
export type ReceiptAnswer = (typeof RECEIPT_ANSWERS)[number];

/** The provider was not asked, because a circuit blocks it. */
export const HELD = 'held';

/** Errors that asking again would not change. */
const NOT_THERE: ReadonlySet<ErrorClass> = new Set(['not_found', 'invalid_request']);

/**
 * Asks the provider what became of a message or call, and applies the answer as its callback would have been applied.
 */
@Injectable()
export class ReceiptQuestion {
  private readonly listeners = new Set<(answer: ReceiptAnswer) => void>();

  constructor(
    private readonly applier: ReportApplier,
    private readonly circuits: Circuits,
    @Inject(TwilioClient) private readonly twilio: TwilioClient,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** @param listener receives every answer; must not throw */
  subscribe(listener: (answer: ReceiptAnswer) => void): void {
    this.listeners.add(listener);
  }

  /** @param waited the time since acceptance, in words; @param signal aborts the request */
  async ask(missing: MissingReceipt, waited: string, signal: AbortSignal): Promise<ReceiptAnswer | typeof HELD> {
    if (this.circuits.blocking({ ...missing, probe: false, stage: 'reconcile', releasedBy: null })) return HELD;
    const answer = await this.settle(missing, waited, signal);
    for (const listener of this.listeners) listener(answer);
    return answer;
  }

  private async settle(missing: MissingReceipt, waited: string, signal: AbortSignal): Promise<ReceiptAnswer> {
    const record = await this.fetch(missing, signal);
    if (record === 'gone' || record === 'unanswered') return record;
    const report = reportOf(missing, record);
    const effect = effectOf(report);
    if (effect === 'noted') return 'under_way';
    await this.applier.apply(report, {
      rule: 'missing receipt',
      sentence: `No callback had told what became of it ${waited} after ${missing.channel} accepted it, so Twilio was asked: ${record.status}.`,
    });
    return effect === 'failed' ? 'failed' : 'delivered';
  }

  private async fetch(missing: MissingReceipt, signal: AbortSignal): Promise<TwilioRecord | 'gone' | 'unanswered'> {
    const { attemptId, channel, providerSid } = missing;
    try {
      return await this.twilio.fetch(RESOURCE_OF[channel], providerSid, signal);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      if (NOT_THERE.has(error.errorClass)) return 'gone';
      if (!signal.aborted)
        this.log.warn({ attemptId, channel, err: error }, 'the provider could not be asked for a missing receipt');
      return 'unanswered';
    }
  }
}
