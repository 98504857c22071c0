import { SENDING } from '../outbox/sending.sql.js';
import { isOneOf, WORKED_ON, type NotificationStatus } from '../policy/transitions.js';
import type { Attempt } from './attempt.entity.js';
import type { Delivery } from './delivery.entity.js';
import type { Notification } from './notification.entity.js';

/** What a notification's outbox row says about it. */
export interface OutboxTrace {
  readonly notificationId: string;
  readonly deliveryId: string;
  /** An attempt is in flight, or its outcome is unknown. */
  readonly sending: boolean;
  /** The time for which its work is due has come. */
  readonly due: boolean;
  /** When that attempt began. */
  readonly attemptStartedAt: Date | null;
  /** When the next attempt may begin; null while one is in flight, if it expires before, or if this is not known. */
  readonly nextAttemptAt: Date | null;
}

/** Selects the traces of notifications. @param ids an id, or any of several: an SQL expression */
export const outboxTraces = (ids: string) => `
  SELECT notification_id AS "notificationId", delivery_id AS "deliveryId", ${SENDING} AS sending,
    due_at <= service_now() AS due, attempt_started_at AS "attemptStartedAt",
    CASE WHEN stage <> 'await_delivery' AND lease_token IS NULL AND held_by IS NULL
      AND (stage <> 'send' OR expires_at IS NULL OR expires_at > due_at) THEN due_at END AS "nextAttemptAt"
  FROM outbox WHERE notification_id = ${ids}`;

const hasWork = (condition: string) => `EXISTS (SELECT 1 FROM outbox WHERE notification_id = n.id AND ${condition})`;

/** For a search by status: conditions on notifications `n`. They limit it to open work, instead of all history. */
export const HAS_OPEN_STATUS = {
  scheduled: `n.status = 'scheduled' AND ${hasWork(`NOT ${SENDING} AND due_at > service_now()`)}`,
  queued: `${isOneOf('n.status', ['scheduled', 'queued'])}
    AND ${hasWork(`NOT ${SENDING} AND (n.status = 'queued' OR due_at <= service_now())`)}`,
  sending: `${isOneOf('n.status', WORKED_ON)} AND ${hasWork(SENDING)}`,
} as const satisfies Record<(typeof WORKED_ON)[number], string>;

/**
 * The notification's current state: neither `sending` nor that its sendAt has come is stored, but both follow from the
 * outbox row. Pure.
 */
export function asItStands(notification: Notification, trace: OutboxTrace | null): Notification {
  if (!trace || !isOpen(notification.status)) return notification;
  if (trace.sending) return movedTo('sending', notification, trace.attemptStartedAt);
  const isDue = notification.status === 'scheduled' && trace.due;
  return isDue ? movedTo('queued', notification, notification.sendAt) : notification;
}

function movedTo(status: NotificationStatus, notification: Notification, at: Date | null): Notification {
  const { updatedAt } = notification;
  return { ...notification, status, updatedAt: at !== null && at > updatedAt ? at : updatedAt };
}

/**
 * The delivery's current state. Its row is written when it starts and when it ends; in between, its attempts say when
 * it began and whether it was accepted, and otherwise its status is that of its notification. One that is on its way is
 * sending also where an earlier one was accepted or has delivered the notification meanwhile. Pure.
 * @param attempts the delivery's own, oldest first
 */
export function deliveryAsItStands(
  delivery: Delivery,
  notification: Notification,
  attempts: readonly Pick<Attempt, 'startedAt' | 'outcome' | 'providerSid'>[],
  trace: OutboxTrace | null,
): Delivery {
  const accepted = attempts.findLast(({ outcome }) => outcome === 'accepted');
  const work = trace?.deliveryId === delivery.id ? trace : null;
  const open = accepted ? 'sent' : work?.sending ? 'sending' : notification.status;
  return {
    ...delivery,
    status: isOpen(delivery.status) ? open : delivery.status,
    providerSid: accepted?.providerSid ?? delivery.providerSid,
    startedAt: attempts[0]?.startedAt ?? work?.attemptStartedAt ?? null,
  };
}

/** Stored as waiting, or (by an older version) as being sent. */
export function isOpen(status: NotificationStatus): status is (typeof WORKED_ON)[number] {
  return WORKED_ON.some((open) => open === status);
}
