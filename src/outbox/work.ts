import type { DecisionRule } from '../policy/decision.rules.js';
import type { NotificationContent } from '../channels/content.js';
import type { Failure } from '../policy/failure.js';
import type { NextStep } from '../policy/next-step.js';
import type { NotificationStatus } from '../policy/transitions.js';
import type { Category, Channel, ChannelOrder, ErrorClass, OnUnknown } from '../policy/vocabulary.js';

/** The order in which categories are served, and the `priority` column: 0 comes first, and none is left out. */
export const PRIORITY = { otp: 0, alert: 1, transactional: 2, marketing: 3 } as const satisfies Record<
  Category,
  number
>;

/**
 * How far a category stands back behind those before it, in seconds: waiting work of a lower category overtakes once it
 * is this much older. So otp goes first, and nothing starves.
 */
export const STANDS_BACK_SECONDS = { otp: 0, alert: 15, transactional: 60, marketing: 600 } as const satisfies Record<
  Category,
  number
>;

/** A human's corrections for a retry; fields that are absent are as in the notification. */
export interface DeliveryChanges {
  readonly to?: string;
  /** Is the delivery's sender already; kept here so that a further retry keeps it. */
  readonly from?: string;
  readonly content?: NotificationContent;
  /** A human began this delivery, on a channel of their choice. Applies to this delivery alone. */
  readonly begunBy?: 'human';
}

/**
 * A leased outbox row with all that an attempt needs. `send`: attempt `attemptId` may start. `reconcile`: the outcome
 * of attempt `attemptId` is unknown and must be looked up first.
 */
export interface Work {
  readonly notificationId: string;
  readonly deliveryId: string;
  readonly clientId: string;
  readonly channel: Channel;
  readonly channels: readonly Channel[];
  /** Channels that count as tried by earlier deliveries; null for the first delivery. */
  readonly tried: readonly Channel[] | null;
  /** E.164, as the client gave it; a delivery's changes may replace it. */
  readonly recipient: string;
  /** Number or Messaging Service sid, without `whatsapp:`; the one that a human chose, if any. */
  readonly sender: string;
  readonly category: Category;
  /** The order of leased work: when it was due, in seconds since 1970, plus how far its category stands back. */
  readonly turn: number;
  readonly content: NotificationContent | null;
  readonly changes: DeliveryChanges | null;
  readonly onUnknown: OnUnknown;
  readonly fallbackAfterSeconds: number | null;
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
  readonly stage: 'send' | 'reconcile';
  readonly attemptId: string;
  readonly attemptStartedAt: Date;
  /** 1-based within the delivery. */
  readonly attemptNumber: number;
  readonly retries: number;
  readonly waitedMs: number;
  /** How many look-ups found a message that may belong to another notification. */
  readonly lookups: number;
  readonly exhausted: boolean;
  readonly possibleDuplicate: boolean;
  /** True for the one real send that tests whether an open circuit may close. */
  readonly probe: boolean;
  /** The circuit or pace that released it for this attempt; null if none did. */
  readonly releasedBy: string | null;
  /** Its notification was already accepted or delivered, or has ended: there is nothing left to send or to look up. */
  readonly over: boolean;
  /** The recipient opted out of this sender: a send would fail, so none is made. */
  readonly suppressed: boolean;
  /** The provider code that recently said that the recipient is not on this channel; null if nothing is known. */
  readonly unavailableCode: number | null;
  readonly leaseToken: string;
}

/** What happened during one provider request. */
export interface AttemptRecord {
  readonly startedAt: Date;
  readonly durationMs: number;
}

/** The provider accepted an attempt. */
export interface AcceptedAttempt extends AttemptRecord {
  readonly work: Work;
  readonly httpStatus: number | null;
  readonly providerSid: string;
  readonly providerRequestId: string | null;
}

/** A decision that is not an attempt's next step: its rule, and its meaning in a sentence. */
export interface Decision {
  readonly rule: DecisionRule;
  readonly sentence: string;
}

/** Work that was not accepted: a failed attempt, or one that was never made (suppressed, expired…). */
export interface UnsuccessfulWork {
  readonly work: Work;
  /** Null if no request was made. */
  readonly attempt: AttemptRecord | null;
  /** Null if nothing failed at the provider. */
  readonly failure: Failure | null;
  /** The class of its dead letter or fallback, if nothing failed at the provider this time. */
  readonly errorClass?: ErrorClass;
  readonly step: NextStep;
  /** The circuit or pace that holds the work; with step `hold`. */
  readonly heldBy?: string;
  /** The incident that the circuit belongs to, if any; with step `hold`. */
  readonly incidentId?: string | null;
  /** The sender of the next delivery; with step `fallback`. */
  readonly nextSender?: string;
  readonly decision?: Decision;
  /** {@link Work.lookups} including the look-up reported here. */
  readonly lookups?: number;
}

/** The class of the dead letter or fallback, if one follows. */
export function deadLetterClass({ failure, errorClass }: Pick<UnsuccessfulWork, 'failure' | 'errorClass'>): ErrorClass {
  return failure?.classification.errorClass ?? errorClass ?? 'provider_fault';
}

/** Held work that was released. */
export type ReleasedWork = Pick<Work, 'notificationId' | 'channel' | 'sender'>;

/** An overdue delivery that this worker looks after; from `takenUntil` on, another one may. */
export interface TakenDelivery {
  readonly notificationId: string;
  readonly takenUntil: Date;
}

/** A delivery that was accepted, but not delivered within the time its client set. */
export interface OverdueDelivery {
  readonly notificationId: string;
  readonly deliveryId: string;
  readonly category: Category;
  readonly channels: readonly Channel[];
  readonly channel: Channel;
  readonly tried: readonly Channel[];
  readonly fallbackAfterSeconds: number;
  /** The notification's content; null once retention has deleted it. */
  readonly content: NotificationContent | null;
  readonly status: NotificationStatus;
  /** Its expiresAt has passed. */
  readonly expired: boolean;
  /** A human's corrections of this delivery. */
  readonly changes: DeliveryChanges | null;
}

/** Work that ended because its notification's expiresAt had passed. */
export interface ExpiredWork {
  readonly notificationId: string;
  /** `sent`: an earlier channel had accepted it, so only the fallback ended. Null if it was over already. */
  readonly movedTo: 'expired' | 'sent' | null;
  /** The circuit or pace in which it waited; null if nothing held it. */
  readonly heldBy: string | null;
}

/** A notification as it enters the outbox. */
export interface NewNotification {
  readonly id: string;
  readonly deliveryId: string;
  readonly clientId: string;
  readonly recipient: string;
  readonly channels: ChannelOrder;
  /** Of the first channel. */
  readonly sender: string;
  readonly category: Category;
  readonly content: NotificationContent;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly idempotencyKey: string | null;
  readonly requestHash: Buffer;
  readonly onUnknown: OnUnknown;
  readonly sendAt: Date | null;
  readonly expiresAt: Date | null;
  readonly fallbackAfterSeconds: number | null;
}

/** A notification as it was accepted; enough to repeat the original answer. */
export interface AcceptedNotification {
  readonly id: string;
  readonly deliveryId: string;
  readonly recipient: string;
  readonly channels: ChannelOrder;
  readonly sender: string;
  readonly category: Category;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly idempotencyKey: string | null;
  readonly sendAt: Date | null;
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
}

/** The fields that tell whether a request was made before. */
export type KeyedRequest = Pick<NewNotification, 'clientId' | 'idempotencyKey' | 'requestHash'>;

export type EnqueueResult = AcceptedResult | RepeatedResult;

/** It was stored. */
export interface AcceptedResult {
  readonly kind: 'accepted';
  readonly notification: AcceptedNotification;
}

/** The key was used before, for the same request or for another one. */
export type RepeatedResult =
  | { readonly kind: 'replayed'; readonly notification: AcceptedNotification }
  | { readonly kind: 'conflict'; readonly id: string };
