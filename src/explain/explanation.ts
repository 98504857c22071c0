import { effectOf } from '../twilio/reported-effect.js';
import type { FailureRecord } from '../failures/failure.entity.js';
import { maskNumber } from '../logging/logger.js';
import type { Attempt } from '../notifications/attempt.entity.js';
import type { NotificationHistory } from '../notifications/notification.reader.js';
import type { TwilioErrorCodeTable } from '../twilio/error-codes/error-code.js';
import { RESOURCE_OF } from '../twilio/resource.js';
import type { DecisionRecord } from './decision.entity.js';
import { failureSentence } from './failure.sentence.js';
import { clockTime } from './moment.js';
import { reportSentence } from './report.sentence.js';

/** One decision or finding, and its rule. */
export interface ExplainedDecision {
  readonly at: Date;
  readonly rule: string;
  readonly sentence: string;
  readonly deliveryId?: string;
  readonly attemptId?: string;
}

/**
 * What happened to a notification and why, in order of time, in full sentences without phone numbers or bodies. Pure.
 */
export function explainedDecisions(
  history: NotificationHistory,
  decisions: readonly DecisionRecord[],
  codes: TwilioErrorCodeTable,
): ExplainedDecision[] {
  const consequences = new Set(decisions.filter((decision) => followsCallback(decision, history)));
  // This order decides between equal times: the rows of one transaction share a time, and causes come first.
  return [
    acceptance(history),
    ...failures(history, codes, (failure) => failure.callbackId === null),
    ...decisions.filter((decision) => !consequences.has(decision)).map(recorded),
    ...acceptedAttempts(history, decisions),
    ...callbacks(history),
    ...failures(history, codes, (failure) => failure.callbackId !== null),
    ...[...consequences].map(recorded),
  ]
    .map((decision) => ({ ...decision, sentence: withoutIdentifiers(decision.sentence) }))
    .toSorted((a, b) => a.at.getTime() - b.at.getTime());
}

function acceptance({ notification }: NotificationHistory): ExplainedDecision {
  const { createdAt: at, channels, sendAt, expiresAt } = notification;
  const when = sendAt && sendAt > at ? `, to be sent at ${clockTime(sendAt, at)}` : '';
  const limit = expiresAt ? `, not to be sent after ${clockTime(expiresAt, at)}` : '';
  return { at, rule: 'acceptance', sentence: `It was accepted for ${channels.join(', then ')}${when}${limit}.` };
}

/** Leaves out attempts whose acceptance was in doubt: a decision says how it was learned. */
function acceptedAttempts(history: NotificationHistory, decisions: readonly DecisionRecord[]): ExplainedDecision[] {
  const { attempts, callbacks, failures, deliveries } = history;
  const unclear = new Set(
    failures.filter((failure) => failure.callbackId === null).map((failure) => failure.attemptId),
  );
  const channels = new Map(deliveries.map((delivery) => [delivery.id, delivery.channel]));
  return attempts
    .filter((attempt) => attempt.outcome === 'accepted' && !unclear.has(attempt.id))
    .flatMap((attempt) => {
      const { id: attemptId, deliveryId, number, httpStatus } = attempt;
      const accepted = `Twilio accepted attempt ${number} on ${channels.get(deliveryId)}`;
      const twice = attempt.possibleDuplicate ? '; the recipient may get it twice' : '';
      if (httpStatus !== null) {
        const at = acceptedAt(attempt, failures, decisions);
        const sentence = `${accepted} at ${clockTime(at, at)}${twice}.`;
        return { at, rule: `HTTP status ${httpStatus}`, sentence, deliveryId, attemptId };
      }
      // The answer was not read, or is not on disk yet.
      const shown = callbacks.find((callback) => callback.attemptId === attemptId);
      if (!shown || decisions.some((decision) => decision.attemptId === attemptId)) return [];
      const sentence = `A callback shows that ${accepted}${twice}.`;
      return { at: shown.receivedAt, rule: 'callback', sentence, deliveryId, attemptId };
    });
}

/**
 * An attempt's times come from its process's clock, which may lag behind the database's; it still follows what led to
 * it.
 */
function acceptedAt(attempt: Attempt, failures: readonly FailureRecord[], decisions: readonly DecisionRecord[]): Date {
  const before = [
    ...failures.filter((failure) => failure.deliveryId === attempt.deliveryId && failure.callbackId === null),
    ...decisions.filter((decision) => decision.attemptId === attempt.id && decision.rule === 'reconciliation'),
  ];
  const answeredAt = attempt.startedAt.getTime() + (attempt.durationMs ?? 0);
  return new Date(Math.max(answeredAt, ...before.map(({ at }) => at.getTime())));
}

/** Whether it was decided in the transaction that recorded a callback of its attempt. */
function followsCallback({ at, rule, attemptId }: DecisionRecord, { callbacks }: NotificationHistory): boolean {
  // A question comes before its answer.
  if (rule === 'missing receipt') return false;
  return callbacks.some((each) => each.attemptId === attemptId && each.receivedAt.getTime() === at.getTime());
}

function failures(
  history: NotificationHistory,
  codes: TwilioErrorCodeTable,
  which: (failure: FailureRecord) => boolean,
): ExplainedDecision[] {
  const numbers = new Map(history.attempts.map((attempt) => [attempt.id, attempt.number]));
  const reports = new Map(history.callbacks.map((callback) => [callback.id, callback]));
  return history.failures.filter(which).map((failure) => ({
    at: failure.at,
    rule: failure.rule,
    sentence: failureSentence(
      failure,
      numbers.get(failure.attemptId) ?? null,
      failure.callbackId === null ? undefined : reports.get(failure.callbackId),
      codes,
    ),
    deliveryId: failure.deliveryId,
    attemptId: failure.attemptId,
  }));
}

/** The callbacks with an effect; a failed one is told with its failure. */
function callbacks({ callbacks, failures, deliveries }: NotificationHistory): ExplainedDecision[] {
  const told = new Set(failures.map((failure) => failure.callbackId));
  const channels = new Map(deliveries.map((delivery) => [delivery.id, delivery.channel]));
  return callbacks
    .filter((callback) => {
      const channel = channels.get(callback.deliveryId);
      if (channel === undefined || told.has(callback.id)) return false;
      return effectOf({ resource: RESOURCE_OF[channel], status: callback.status }) !== 'noted';
    })
    .map(({ receivedAt: at, status, deliveryId, attemptId }) => ({
      at,
      rule: 'callback',
      sentence: `${reportSentence(channels.get(deliveryId), status, at)}.`,
      deliveryId,
      attemptId,
    }));
}

function recorded({ at, rule, sentence, deliveryId, attemptId }: DecisionRecord): ExplainedDecision {
  return { at, rule, sentence, ...(deliveryId && { deliveryId }), ...(attemptId && { attemptId }) };
}

/** Masks the sender's number or account sid that the name of a circuit may contain. */
export function withoutIdentifiers(sentence: string): string {
  return sentence.replaceAll(/\+\d{7,15}|\bAC[0-9a-fA-F]{32}\b/g, (found) => maskNumber(found));
}
