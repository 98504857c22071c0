import type { NotificationContent } from '../channels/content.js';
import { endedUnsuccessfully, type NotificationStatus } from '../policy/transitions.js';
import type { Category, Channel, Outcome } from '../policy/vocabulary.js';
import type { DeliveryChanges } from '../outbox/work.js';

/** The outbox row of the notification, if there is one. */
export interface OutboxState {
  readonly deliveryId: string;
  readonly stage: 'send' | 'reconcile' | 'await_delivery';
  readonly attemptId: string | null;
  readonly leased: boolean;
}

/** One of the notification's deliveries. */
export interface DeliveryState {
  readonly id: string;
  readonly channel: Channel;
  /** As stored: the status it started with, until it ends or a late report shows it sent. */
  readonly status: NotificationStatus;
  /** It has an attempt that is over. */
  readonly attempted: boolean;
  /** A message of it other than the reported one was accepted. */
  readonly accepted: boolean;
  /** It goes to another recipient than the reported delivery. */
  readonly elsewhere: boolean;
  /** It says something else than the reported delivery. */
  readonly reworded: boolean;
  /** A human began it. */
  readonly byHuman: boolean;
}

/** Another attempt of the reported delivery that the provider accepted. */
export interface AcceptedAttemptState {
  readonly providerSid: string;
  /** A callback has reported it failed since. */
  readonly failed: boolean;
}

/** Where the notification and the reported delivery stand when a callback comes in. */
export interface ReportedState {
  readonly id: string;
  readonly clientId: string;
  readonly recipient: string;
  readonly status: NotificationStatus;
  /** Since the notification was accepted. */
  readonly ageSeconds: number;
  /** Its expiresAt has passed, by the database's clock. */
  readonly expired: boolean;
  readonly category: Category;
  readonly channels: readonly Channel[];
  /** What it says; null once retention has deleted it. */
  readonly content: NotificationContent | null;
  readonly fallbackAfterSeconds: number | null;
  /** A dead letter is open. */
  readonly awaitsReview: boolean;
  /** The outbox has a row for it: the locked one, or one that appeared since. */
  readonly hasWork: boolean;
  /** All deliveries, in their order. */
  readonly deliveries: readonly DeliveryState[];
  /** Of the reported delivery. */
  readonly deliveryId: string;
  readonly channel: Channel;
  /** As stored: the status it started with, until it ends or a late report shows it sent. */
  readonly deliveryStatus: NotificationStatus;
  readonly sender: string;
  readonly changes: DeliveryChanges | null;
  /** Of the reported attempt; null while it is in flight. */
  readonly outcome: Outcome | null;
  /** The sid that the reported attempt has on disk; if the provider's list showed it, it may be the wrong one. */
  readonly knownSid: string | null;
  /** An earlier callback reported this sid failed. */
  readonly reportedFailed: boolean;
  readonly attemptStartedAt: Date;
  readonly othersAccepted: readonly AcceptedAttemptState[];
  /** Another attempt of the notification, by any delivery, has the reported sid on disk. */
  readonly isAnothersSid: boolean;
}

/** What a decision about a report is based on. */
export interface Standing {
  readonly attemptId: string;
  readonly providerSid: string;
  readonly state: ReportedState;
  readonly outbox: OutboxState | null;
}

/** The outbox row, if it is the reported delivery's and more than a watch for its receipt. Pure. */
export function ownWork({ state, outbox }: Standing): OutboxState | null {
  return outbox?.deliveryId === state.deliveryId && outbox.stage !== 'await_delivery' ? outbox : null;
}

/** Whether the notification's work is another delivery's by now. Pure. */
export function isReplaced({ state, outbox }: Standing): boolean {
  return outbox !== null && outbox.deliveryId !== state.deliveryId;
}

/** Pure. */
export function isInFlight(outbox: OutboxState | null): boolean {
  return outbox !== null && outbox.stage === 'send' && outbox.leased;
}

/** Another message of the same delivery was accepted and may still arrive. One sid is one message. Pure. */
export function acceptedAsAnother({ state, providerSid }: Standing): boolean {
  return state.othersAccepted.some((other) => !other.failed && other.providerSid !== providerSid);
}

/** Accepted, and neither failed nor called off since. Pure. */
export function mayStillArrive({ accepted, status }: DeliveryState): boolean {
  return accepted && !endedUnsuccessfully(status);
}

/**
 * What a human corrected after the reported delivery. That delivery then no longer stands for the notification: its
 * outcome satisfies nobody who waits for the corrected one. Null if the latest delivery says the same to the same
 * recipient. Pure.
 */
export function correctionSince(state: ReportedState): 'recipient' | 'words' | null {
  const latest = laterDeliveries(state).at(-1);
  if (latest?.elsewhere) return 'recipient';
  return latest?.reworded ? 'words' : null;
}

/** The deliveries that came after the reported one and took its place. Pure. */
export function laterDeliveries(state: ReportedState): readonly DeliveryState[] {
  return state.deliveries.slice(state.deliveries.findIndex(({ id }) => id === state.deliveryId) + 1);
}
