import { toDeadLetterDto } from '../dead-letters/dead-letter.dto.js';
import type { AcceptedNotification } from '../outbox/work.js';
import { isCritical } from '../policy/vocabulary.js';
import type { Attempt } from './attempt.entity.js';
import type { Delivery } from './delivery.entity.js';
import type { Notification } from './notification.entity.js';
import type { AttemptDto, DeliveryDto, NotificationDto, NotificationSummaryDto } from './notification.dto.js';
import type { NotificationHistory } from './notification.reader.js';

/**
 * The body of the 202: the notification as accepted. Made only of what never changes, so that a replay of the key gets
 * the same response whatever has happened since. Field by field, with each time written once: built upon
 * {@link summaryView}, it takes two and a half times as long.
 */
export function acceptedView(accepted: AcceptedNotification): NotificationDto {
  const createdAt = accepted.createdAt.toISOString();
  const status = acceptedStatus(accepted);
  const [channel] = accepted.channels;
  return {
    id: accepted.id,
    status,
    to: accepted.recipient,
    channels: accepted.channels,
    channel,
    category: accepted.category,
    critical: isCritical(accepted.category),
    idempotencyKey: accepted.idempotencyKey,
    metadata: accepted.metadata,
    sendAt: iso(accepted.sendAt),
    expiresAt: iso(accepted.expiresAt),
    createdAt,
    updatedAt: createdAt,
    deliveredAt: null,
    readAt: null,
    nextAttemptAt: status === 'scheduled' ? iso(accepted.sendAt) : createdAt,
    deliveries: [
      {
        id: accepted.deliveryId,
        channel,
        status,
        providerSid: null,
        from: accepted.sender,
        startedAt: null,
        endedAt: null,
        attempts: [],
        callbacks: [],
      },
    ],
    deadLetter: null,
  };
}

/** The status that a notification was accepted with. */
export function acceptedStatus({ sendAt, createdAt }: AcceptedNotification): 'scheduled' | 'queued' {
  return sendAt !== null && sendAt > createdAt ? 'scheduled' : 'queued';
}

export function summaryView(notification: Notification, nextAttemptAt: Date | null): NotificationSummaryDto {
  return {
    id: notification.id,
    status: notification.status,
    to: notification.recipient,
    channels: notification.channels,
    channel: notification.channel,
    category: notification.category,
    critical: isCritical(notification.category),
    idempotencyKey: notification.idempotencyKey,
    metadata: notification.metadata,
    sendAt: iso(notification.sendAt),
    expiresAt: iso(notification.expiresAt),
    createdAt: notification.createdAt.toISOString(),
    updatedAt: notification.updatedAt.toISOString(),
    deliveredAt: iso(notification.deliveredAt),
    readAt: iso(notification.readAt),
    nextAttemptAt: iso(nextAttemptAt),
  };
}

export function historyView(history: NotificationHistory): NotificationDto {
  return {
    ...summaryView(history.notification, history.nextAttemptAt),
    deliveries: history.deliveries.map((delivery) => deliveryView(delivery, history)),
    deadLetter: history.deadLetter ? toDeadLetterDto(history.deadLetter) : null,
  };
}

function deliveryView(delivery: Delivery, history: NotificationHistory): DeliveryDto {
  return {
    id: delivery.id,
    channel: delivery.channel,
    status: delivery.status,
    providerSid: delivery.providerSid,
    from: delivery.sender,
    startedAt: iso(delivery.startedAt),
    endedAt: iso(delivery.endedAt),
    attempts: history.attempts
      .filter((attempt) => attempt.deliveryId === delivery.id)
      .map((attempt) => attemptView(attempt, history)),
    callbacks: history.callbacks
      .filter((callback) => callback.deliveryId === delivery.id)
      .map(({ id, attemptId, status, errorCode, receivedAt }) => ({
        id,
        attemptId,
        status,
        errorCode,
        receivedAt: receivedAt.toISOString(),
      })),
  };
}

function attemptView(attempt: Attempt, history: NotificationHistory): AttemptDto {
  // An accepted attempt may have a failure from when its outcome was unknown. Only a failed callback still counts.
  const failure = history.failures.find(
    ({ attemptId, callbackId }) => attemptId === attempt.id && (attempt.outcome !== 'accepted' || callbackId !== null),
  );
  return {
    id: attempt.id,
    number: attempt.number,
    startedAt: attempt.startedAt.toISOString(),
    durationMs: attempt.durationMs,
    outcome: attempt.outcome,
    httpStatus: attempt.httpStatus,
    providerCode: failure?.providerCode ?? null,
    providerMessage: failure?.providerMessage ?? null,
    providerRequestId: attempt.providerRequestId,
    errorClass: failure?.errorClass ?? null,
    responsible: failure?.responsible ?? null,
    nextStep: failure?.nextStep ?? {
      kind: 'none',
      reason:
        attempt.outcome === 'accepted'
          ? 'the provider accepted it'
          : 'another process had taken over its lease and decided what came next',
    },
    possibleDuplicate: attempt.possibleDuplicate,
  };
}

function iso(date: Date | null): string | null {
  return date?.toISOString() ?? null;
}
