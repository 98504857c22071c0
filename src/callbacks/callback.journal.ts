import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { LOGGER } from '../logging/logger.js';
import { Sparing } from '../logging/sparing.js';
import type { Classification } from '../policy/failure.js';
import type { NextStep } from '../policy/next-step.js';
import type { Category, Channel } from '../policy/vocabulary.js';
import type { ProviderReport } from './provider-report.js';
import type { AcceptanceNews, FallbackState } from './report.decision.js';
import type { ReportedState } from './report.state.js';

/** What it means that a message was delivered, given what has become of its fallback. */
export type Delivered =
  /** The ordinary case. */
  | 'delivered'
  /** Nothing of the fallback was on its way: it is dropped. */
  | 'drop_fallback'
  /** The same, but its last attempt may have been accepted. */
  | 'drop_doubtful'
  /** The fallback has left: the recipient gets the notification on two channels. */
  | 'delivered_twice'
  /** A human has corrected it since: the notification still waits for the corrected delivery. */
  | 'superseded';

/** An acceptance as listeners hear of it. */
type Heard = 'bound' | 'duplicate' | 'after_all';

/** After a correction: as given up before, or as a duplicate for one recipient. */
export const HEARD_AS = {
  bound: 'bound',
  duplicate: 'duplicate',
  after_all: 'after_all',
  misdirected: 'after_all',
  reworded: 'duplicate',
} as const satisfies Record<AcceptanceNews, Heard>;

export const DELIVERED_AS = {
  none: 'delivered',
  unsent: 'drop_fallback',
  in_doubt: 'drop_doubtful',
  left: 'delivered_twice',
} as const satisfies Record<FallbackState, Delivered>;

/** A notification that a callback moved to delivered, `seconds` after it was accepted. */
export interface FirstDelivery {
  readonly channel: Channel;
  readonly category: Category;
  readonly seconds: number;
}

/**
 * What is wrong with a signature. `unsigned`: there is none, so Twilio did not send it, or a proxy dropped the header.
 * `refused`: it does not fit; if Twilio made it, receipts get lost.
 */
export type Refusal = 'unsigned' | 'refused';

const REFUSALS_LOGGED_EVERY_MS = 1000;

/** Hears of what callbacks changed, once it is on disk; for metrics and alerts. Must neither throw nor wait. */
export interface CallbackListener {
  /** `count` callbacks were recorded in the ordinary way, and moved these notifications to delivered. */
  onProgress?(count: number, delivered: readonly FirstDelivery[]): void;
  onAcceptance?(kind: Heard): void;
  onDelivered?(state: ReportedState, kind: Delivered): void;
  onFailed?(state: ReportedState, report: ProviderReport, classification: Classification, step: NextStep): void;
  onRefused?(refusal: Refusal): void;
  /** It was signed, but for an attempt that is not here. */
  onUnknownAttempt?(): void;
}

/** Logs one line per state change that a callback made, with ids and codes, and tells the listeners the same. */
@Injectable()
export class CallbackJournal {
  private readonly listeners = new Set<CallbackListener>();
  private readonly refusals = new Sparing(REFUSALS_LOGGED_EVERY_MS);

  constructor(@Inject(LOGGER) private readonly log: Logger) {}

  subscribe(listener: CallbackListener): void {
    this.listeners.add(listener);
  }

  progress(reports: readonly ProviderReport[], delivered: readonly FirstDelivery[]): void {
    for (const report of reports) this.log.info(ids(report), 'callback recorded');
    for (const listener of this.listeners) listener.onProgress?.(reports.length, delivered);
  }

  acceptance(notificationId: string, report: ProviderReport, kind: Heard): void {
    this.log.warn({ notificationId, ...ids(report), acceptance: kind }, 'an open question is answered');
    for (const listener of this.listeners) listener.onAcceptance?.(kind);
  }

  delivered(state: ReportedState, report: ProviderReport, kind: Delivered): void {
    this.log.info({ notificationId: state.id, ...ids(report), channel: state.channel, kind }, 'delivered');
    for (const listener of this.listeners) listener.onDelivered?.(state, kind);
  }

  failed(state: ReportedState, report: ProviderReport, classification: Classification, step: NextStep): void {
    this.log.warn(
      {
        notificationId: state.id,
        ...ids(report),
        channel: state.channel,
        errorClass: classification.errorClass,
        responsible: classification.responsible,
        nextStep: step.kind,
        reason: step.reason,
      },
      'failed after it was accepted',
    );
    for (const listener of this.listeners) listener.onFailed?.(state, report, classification, step);
  }

  /** Anybody can cause these: they must not fill the log. */
  refused(attemptId: string, refusal: Refusal): void {
    if (refusal === 'unsigned') this.log.debug({ attemptId }, 'a callback without a signature was refused');
    else {
      this.refusals.pass((leftOut) =>
        this.log.warn({ attemptId, leftOut }, 'a callback with a bad signature was refused'),
      );
    }
    for (const listener of this.listeners) listener.onRefused?.(refusal);
  }

  unknownAttempt(report: ProviderReport): void {
    this.log.warn(ids(report), 'a callback names an attempt that is not here');
    for (const listener of this.listeners) listener.onUnknownAttempt?.();
  }
}

function ids({ evidence, attemptId, providerSid, status, errorCode }: ProviderReport) {
  if (evidence === 'answer' || evidence === 'list') return { attemptId, providerSid, evidence };
  return { attemptId, providerSid, callbackStatus: status, providerCode: errorCode };
}
