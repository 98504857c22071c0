import type { DecisionRule } from '../policy/decision.rules.js';
import type { NotificationContent } from '../channels/content.js';
import type { Failure } from '../policy/failure.js';
import type { NextStep } from '../policy/next-step.js';
import type { NotificationStatus } from '../policy/transitions.js';
import type { Category, Channel, ErrorClass, OnUnknown } from '../policy/vocabulary.js';

/** Order in which categories are served, and the `priority` column: 0 is served first. */
export const PRIORITY = { otp: 0, alert: 1, transactional: 2, marketing: 3 } as const satisfies Record<
  Category,
  number
>;

/**
 * How long a category stands back behind the ones before it, in seconds: waiting work of a lower category overtakes once
 * it is this much older. So otp goes first, and nobody starves.
 */
export const STANDS_BACK_SECONDS = { otp: 0, alert: 15, transactional: 60, marketing: 600 } as const satisfies Record<
  Category,
  number
>;

/** What a human corrected when retrying; absent fields are as the notification says. */
export interface DeliveryChanges {
  readonly to?: string;
  readonly from?: string;
  readonly content?: NotificationContent;
  /** A human began this delivery, on the channel of their choice. Belongs to this delivery alone. */
  readonly begunBy?: 'human';
}

/**
 * A leased outbox row with all that an attempt needs. `send`: the attempt `attemptId` may start. `reconcile`: the
 * outcome of the attempt `attemptId` is unknown and must be found out first.
 */
export interface Work {
  readonly notificationId: string;
  readonly deliveryId: string;
  readonly clientId: string;
  readonly channel: Channel;
  readonly channels: readonly Channel[];
  /** Channels that earlier deliveries used; null for the first delivery. */
  readonly tried: readonly Channel[] | null;
  /** E.164, as the caller gave it; a delivery's changes may replace it. */
  readonly recipient: string;
  /** Number or Messaging Service sid, without `whatsapp:`. */
  readonly sender: string;
  readonly category: Category;
  /** What comes first of leased work: seconds since 1970 when it was due, and what its category stands back. */
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
  /** Looks that found a message which may be another notification's. */
  readonly lookups: number;
  readonly exhausted: boolean;
  readonly possibleDuplicate: boolean;
  /** True for the one real send that tries whether an open circuit may close. */
  readonly probe: boolean;
  /** The circuit or pace that held it and let it out again, for this attempt; null for work that was never held. */
  readonly releasedBy: string | null;
  /** Its notification was accepted, delivered or ended otherwise already: there is nothing left to send or to ask. */
  readonly over: boolean;
  /** The recipient opted out of this sender: a send would fail, so none is made. */
  readonly suppressed: boolean;
  /** Provider code that said, not long ago, that the recipient is not on this channel; null when nothing is known. */
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

/** A decision that is no attempt's next step: which rule, and what it means in a sentence. */
export interface Decision {
  readonly rule: DecisionRule;
  readonly sentence: string;
}

/** Work that did not get through: a failed attempt, or one that was never made (suppressed, expired…). */
export interface UnsuccessfulWork {
  readonly work: Work;
  /** Null when no request was made. */
  readonly attempt: AttemptRecord | null;
  /** Null when nothing failed at the provider. */
  readonly failure: Failure | null;
  /** Of its dead letter or fallback, where nothing failed at the provider this time. */
  readonly errorClass?: ErrorClass;
  readonly step: NextStep;
  /** The circuit that holds the work; with step `hold`. */
  readonly heldBy?: string;
  /** Where the next delivery starts; with step `fallback`. */
  readonly fallback?: { readonly deliveryId: string; readonly sender: string };
  readonly decision?: Decision;
  readonly incidentId?: string | null;
  /** {@link Work.lookups} with the one that is told of here. */
  readonly lookups?: number;
}

/** The class of a dead letter or a fallback, where one follows. */
export function deadLetterClass({ failure, errorClass }: Pick<UnsuccessfulWork, 'failure' | 'errorClass'>): ErrorClass {
  return failure?.classification.errorClass ?? errorClass ?? 'provider_fault';
}

/** Held work that was let out again. */
export type ReleasedWork = Pick<Work, 'notificationId' | 'channel' | 'sender'>;

/** An overdue delivery that this worker looks after; another one does from `takenUntil` on. */
export interface TakenDelivery {
  readonly notificationId: string;
  readonly takenUntil: Date;
}

/** A delivery that was accepted, but not delivered in the time its caller set. */
export interface OverdueDelivery {
  readonly notificationId: string;
  readonly deliveryId: string;
  readonly category: Category;
  readonly channels: readonly Channel[];
  readonly channel: Channel;
  readonly tried: readonly Channel[];
  readonly fallbackAfterSeconds: number;
  /** Of the notification; null once retention has deleted it. */
  readonly content: NotificationContent | null;
  readonly status: NotificationStatus;
  /** Its expiresAt has passed. */
  readonly expired: boolean;
  /** How a human had corrected this delivery. */
  readonly changes: DeliveryChanges | null;
}

/** Work that ended because its notification's expiresAt had passed. */
export interface ExpiredWork {
  readonly notificationId: string;
  /** `sent`: a channel before had it accepted, so only the fallback ended. Null where it was over already. */
  readonly movedTo: 'expired' | 'sent' | null;
  /** The circuit or pace in which it waited; null for work that nothing held. */
  readonly heldBy: string | null;
}

/** A notification as it enters the outbox. */
export interface NewNotification {
  readonly id: string;
  readonly deliveryId: string;
  readonly clientId: string;
  readonly recipient: string;
  readonly channels: readonly Channel[];
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

/** What a notification looked like when it was accepted; enough to give the original answer again. */
export interface AcceptedNotification {
  readonly id: string;
  readonly deliveryId: string;
  readonly recipient: string;
  readonly channels: readonly Channel[];
  readonly sender: string;
  readonly category: Category;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly idempotencyKey: string | null;
  readonly sendAt: Date | null;
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
}

/** What tells whether a request was made before. */
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
