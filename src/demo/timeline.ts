import type { AttemptDto, DeliveryDto, NotificationDto } from '../notifications/notification.dto.js';
import type { Outcome } from '../policy/vocabulary.js';

/** How an event looks to a reader: good, bad, undecided, or one among many. */
export type Tone = 'good' | 'bad' | 'open' | 'plain';

/** Something that happened to a notification. */
export interface TimelineEvent {
  /** Stays the same from read to read, so that each event is shown once. */
  readonly key: string;
  readonly at: Date;
  readonly text: string;
  readonly tone: Tone;
}

/** What is known of a notification so far, in order of time. Pure. */
export function timelineOf(notification: NotificationDto): TimelineEvent[] {
  const events = notification.deliveries.flatMap((delivery) => [
    // Callbacks come before what they cause at the same time.
    ...callbackEvents(delivery),
    ...delivery.attempts.filter(isTold).flatMap((attempt) => attemptEvents(delivery, attempt)),
  ]);
  return inOrder([...events, ...reviewEvents(notification)]);
}

export function inOrder(events: readonly TimelineEvent[]): TimelineEvent[] {
  return events.toSorted((a, b) => a.at.getTime() - b.at.getTime());
}

/** An attempt without a duration was not answered yet: there is nothing to show unless a callback proves it accepted. */
function isTold({ durationMs, outcome }: AttemptDto): boolean {
  return durationMs !== null || outcome === 'accepted';
}

function attemptEvents(delivery: DeliveryDto, attempt: AttemptDto): TimelineEvent[] {
  const name = `${delivery.channel} attempt ${attempt.number}`;
  const endedAt = new Date(new Date(attempt.startedAt).getTime() + (attempt.durationMs ?? 0));
  const shown = delivery.callbacks.find(({ attemptId }) => attemptId === attempt.id);
  const shownAt = shown ? new Date(shown.receivedAt) : endedAt;
  const key = `${attempt.id} told later`;
  const events: TimelineEvent[] = [];
  if (attempt.durationMs === null) {
    const text = `${name} was accepted, as a callback shows before its answer: nothing is sent again`;
    events.push({ key, at: shownAt, text, tone: 'good' });
  } else {
    // Accepted although its response did not say so: we learned it later, from a callback or the provider's list.
    const toldLater = attempt.outcome === 'accepted' && !saysSuccess(attempt);
    const outcome = toldLater ? 'unknown' : attempt.outcome;
    const answer = `${name}: ${answerOf(attempt, outcome)}`;
    events.push({ key: `${attempt.id} answer`, at: endedAt, text: answer, tone: TONES[outcome] });
    const text = `${name} was accepted after all: nothing is sent again`;
    if (toldLater) events.push({ key, at: shownAt, text, tone: 'good' });
  }
  return attempt.errorClass === null ? events : [...events, nextStepEvent(delivery, attempt, endedAt)];
}

const TONES = { accepted: 'good', rejected: 'bad', unknown: 'open' } as const satisfies Record<Outcome, Tone>;

function saysSuccess({ httpStatus }: AttemptDto): boolean {
  return httpStatus !== null && httpStatus < 300;
}

/** "503, code 20503, outcome unknown, provider_fault (provider)" */
function answerOf(attempt: AttemptDto, outcome: Outcome): string {
  const { httpStatus, providerCode, errorClass, responsible } = attempt;
  const parts = [httpStatus === null ? 'no answer' : String(httpStatus)];
  // A failure after a successful response came with a callback, which has a line of its own.
  const failed = errorClass !== null && outcome !== 'accepted';
  if (failed && providerCode !== null) parts.push(`code ${providerCode}`);
  parts.push(outcome === 'unknown' ? 'outcome unknown' : outcome);
  if (failed) parts.push(`${errorClass} (${responsible})`);
  return parts.join(', ');
}

/** Decided when the attempt ended, or, if it was accepted, when a callback reported its failure. */
function nextStepEvent(delivery: DeliveryDto, attempt: AttemptDto, endedAt: Date): TimelineEvent {
  const { kind, at, channel, reason } = attempt.nextStep;
  const report = delivery.callbacks.findLast(({ attemptId, errorCode }) => attemptId === attempt.id && errorCode);
  const decidedAt = report ? new Date(report.receivedAt) : endedAt;
  const wait = at ? ` in ${seconds(new Date(at).getTime() - decidedAt.getTime())}` : '';
  return {
    key: `${attempt.id} next ${kind}`,
    at: decidedAt,
    text: `  next: ${kind.replace('_', ' ')}${channel ? ` to ${channel}` : ''}${wait}; ${reason}`,
    tone: 'plain',
  };
}

function callbackEvents(delivery: DeliveryDto): TimelineEvent[] {
  return delivery.callbacks.map(({ id, status, errorCode, receivedAt }) => ({
    key: id,
    at: new Date(receivedAt),
    text: `Twilio calls back: ${status}${errorCode === null ? '' : ` with code ${errorCode}`}`,
    tone: errorCode === null ? 'plain' : 'bad',
  }));
}

function reviewEvents({ deadLetter }: NotificationDto): TimelineEvent[] {
  if (!deadLetter) return [];
  return [
    {
      key: deadLetter.id,
      at: new Date(deadLetter.openedAt),
      text: `a dead letter waits in the review queue: ${deadLetter.errorClass}`,
      tone: 'bad',
    },
  ];
}

/** The current state, as the newest event. Earlier states leave no trace: to see them all, read often. */
export function statusEvent({ id, status, updatedAt }: NotificationDto): TimelineEvent {
  const tone = status === 'delivered' ? 'good' : isEnd(status) ? 'bad' : 'plain';
  return { key: `${id} ${status} ${updatedAt}`, at: new Date(updatedAt), text: `state: ${status}`, tone };
}

/** Whether this is a state in which nothing more happens by itself. */
export function isEnd(status: NotificationDto['status']): boolean {
  return status === 'delivered' || status === 'failed' || status === 'canceled' || status === 'expired';
}

/** "1.2 s" */
export function seconds(milliseconds: number): string {
  return `${(Math.max(0, milliseconds) / 1000).toFixed(1)} s`;
}
