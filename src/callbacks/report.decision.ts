import type { NotificationStatus } from '../policy/transitions.js';
import type { Category, Channel, Outcome } from '../policy/vocabulary.js';
import type { DeliveryChanges } from '../outbox/work.js';
import type { ReportedEffect } from './provider-report.js';

/** The outbox row of the notification, where there is one. */
export interface OutboxState {
  readonly deliveryId: string;
  readonly stage: 'send' | 'reconcile' | 'await_delivery';
  readonly attemptId: string | null;
  /** Attempts of that delivery so far. */
  readonly attempts: number;
  readonly leased: boolean;
}

/** Where the notification and the reported delivery stand when a callback comes in. */
export interface ReportedState {
  readonly id: string;
  readonly clientId: string;
  readonly recipient: string;
  readonly status: NotificationStatus;
  /** Since it was accepted. */
  readonly ageSeconds: number;
  readonly category: Category;
  readonly channels: readonly Channel[];
  readonly fallbackAfterSeconds: number | null;
  /** Of the reported delivery. */
  readonly channel: Channel;
  readonly deliveryStatus: NotificationStatus;
  readonly sender: string;
  readonly changes: DeliveryChanges | null;
  readonly latestDeliveryId: string;
  readonly tried: readonly Channel[];
  /** Null while the attempt is in flight. */
  readonly outcome: Outcome | null;
  readonly providerSid: string | null;
  readonly attemptStartedAt: Date;
  /** Another attempt of the same delivery was accepted. */
  readonly acceptedOtherwise: boolean;
}

/** What a callback tells about the attempt it names, before its own status is looked at. */
export type Acceptance =
  /** Known already. */
  | 'known'
  /** It came before the answer to the request was recorded: nothing was in doubt. */
  | 'ahead_of_answer'
  /** The question was open and is answered: nothing is sent again. */
  | 'bound'
  /** It had been sent again meanwhile: the recipient gets it twice. */
  | 'duplicate'
  /** It had been given up: a human need not look any more. */
  | 'after_all';

/** A callback proves that its attempt was accepted. What does that change? Pure. */
export function acceptanceOf(
  state: ReportedState,
  deliveryId: string,
  attemptId: string,
  outbox: OutboxState | null,
): Acceptance {
  if (state.outcome === 'accepted') return 'known';
  if (state.acceptedOtherwise) return 'duplicate';
  if (state.outcome === null && outbox?.leased && outbox.attemptId === attemptId) return 'ahead_of_answer';
  if (outbox?.deliveryId === deliveryId) {
    const anotherInFlight = outbox.leased && outbox.stage === 'send' && outbox.attemptId !== attemptId;
    return anotherInFlight ? 'duplicate' : 'bound';
  }
  return state.status === 'failed' && state.latestDeliveryId === deliveryId ? 'after_all' : 'bound';
}

/** What a delivered message means where a fallback had been decided. */
export type Delivered =
  /** The ordinary case. */
  | 'delivered'
  /** The fallback has not left: it is dropped. */
  | 'drop_fallback'
  /** The fallback is out: the recipient gets it on two channels. */
  | 'delivered_twice';

/** Pure. */
export function deliveredOf(state: ReportedState, deliveryId: string, outbox: OutboxState | null): Delivered {
  if (state.latestDeliveryId === deliveryId) return 'delivered';
  const unsent = outbox?.stage === 'send' && !outbox.leased && outbox.attempts === 0;
  return unsent ? 'drop_fallback' : 'delivered_twice';
}

/** Does a failed callback end its delivery? Delivered is final, and what ended already ended. Pure. */
export function endsDelivery(effect: ReportedEffect, state: ReportedState): boolean {
  return effect === 'failed' && (state.deliveryStatus === 'sent' || state.deliveryStatus === 'sending');
}
