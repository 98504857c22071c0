import type { NotificationContent } from '../channels/content.js';
import { UNSUCCESSFUL_ENDS, type NotificationStatus } from '../policy/transitions.js';
import type { Category, Channel, Outcome } from '../policy/vocabulary.js';
import type { DeliveryChanges } from '../outbox/work.js';

/** The outbox row of the notification, where there is one. */
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
  /** As stored: what it was when it started, until it ends. */
  readonly status: NotificationStatus;
  /** It has an attempt that is over. */
  readonly attempted: boolean;
  /** By a message that is not the reported one. */
  readonly accepted: boolean;
  /** It goes to another recipient than the reported one. */
  readonly elsewhere: boolean;
  /** It says something else than the reported one. */
  readonly reworded: boolean;
  /** A human began it. */
  readonly byHuman: boolean;
}

/** Another attempt of the reported delivery that the provider accepted. */
export interface AcceptedAttemptState {
  readonly providerSid: string;
  /** A callback reported it failed since. */
  readonly failed: boolean;
}

/** Where the notification and the reported delivery stand when a callback comes in. */
export interface ReportedState {
  readonly id: string;
  readonly clientId: string;
  readonly recipient: string;
  readonly status: NotificationStatus;
  /** Since it was accepted. */
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
  /** The outbox holds a row of it: the one that was locked, or one that came in between. */
  readonly hasWork: boolean;
  /** All of them, the first one first. */
  readonly deliveries: readonly DeliveryState[];
  /** Of the reported delivery. */
  readonly deliveryId: string;
  readonly channel: Channel;
  /** As stored: what it was when it started, until it was accepted or ends. */
  readonly deliveryStatus: NotificationStatus;
  readonly sender: string;
  readonly changes: DeliveryChanges | null;
  /** Of the reported attempt; null while it is in flight. */
  readonly outcome: Outcome | null;
  /** The one that the reported attempt has on disk; the provider's list may have shown it in the place of the right one. */
  readonly knownSid: string | null;
  /** A callback reported the reported sid failed before. */
  readonly reportedFailed: boolean;
  readonly attemptStartedAt: Date;
  readonly othersAccepted: readonly AcceptedAttemptState[];
  /** Another attempt of the notification, by any delivery, has the reported sid on disk. */
  readonly isAnothersSid: boolean;
}

/** What a decision about a callback looks at. */
export interface Standing {
  readonly attemptId: string;
  readonly providerSid: string;
  readonly state: ReportedState;
  readonly outbox: OutboxState | null;
}

/** The outbox row, where it is the reported delivery's and more than a watch for its receipt. Pure. */
export function ownWork({ state, outbox }: Standing): OutboxState | null {
  return outbox?.deliveryId === state.deliveryId && outbox.stage !== 'await_delivery' ? outbox : null;
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
  return accepted && !UNSUCCESSFUL_ENDS.some((end) => end === status);
}

/**
 * What a human corrected after the reported delivery. It does not stand for the notification any more then: what it
 * comes to satisfies nobody who waits for the corrected one. Null where the latest delivery says the same to the same. Pure.
 */
export function correctionSince(state: ReportedState): 'recipient' | 'words' | null {
  const latest = laterDeliveries(state).at(-1);
  if (latest?.elsewhere) return 'recipient';
  return latest?.reworded ? 'words' : null;
}

/** Those that came after the reported one took its place. Pure. */
export function laterDeliveries(state: ReportedState): readonly DeliveryState[] {
  return state.deliveries.slice(state.deliveries.findIndex(({ id }) => id === state.deliveryId) + 1);
}
