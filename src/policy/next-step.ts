import { CLASS_POLICY } from './class.policy.js';
import type { Classification, Failure } from './failure.js';
import type { RetriesSpent, RetryPolicy } from './retry.policy.js';
import { decideRetry } from './retry.policy.js';
import type { Channel, NextStepKind } from './vocabulary.js';

/**
 * The step that follows a failure, and the reason in words for humans. Times are the database's. `exhausted` is set if
 * the step follows because the channel's retries are used up.
 */
export type NextStep =
  | {
      readonly kind: 'retry';
      readonly at: Date;
      readonly waitMs: number;
      /** Set if the lost lease of its attempt has spent this retry already. */
      readonly spendsRetry?: false;
      readonly reason: string;
    }
  | {
      readonly kind: 'reconcile';
      readonly at: Date;
      readonly waitMs: number;
      /** True if no retry is left: a negative answer leads to the fallback or the review queue. */
      readonly exhausted: boolean;
      /** False for the last look-up before giving up, which is not a retry. */
      readonly spendsRetry: boolean;
      readonly reason: string;
    }
  | { readonly kind: 'hold'; readonly reason: string }
  | { readonly kind: 'fallback'; readonly channel: Channel; readonly reason: string; readonly exhausted?: true }
  | { readonly kind: 'dead_letter'; readonly reason: string; readonly exhausted?: true }
  | { readonly kind: 'none'; readonly reason: string };

/** A step as it is stored with its failure, and as the history shows it. */
export interface RecordedNextStep {
  readonly kind: NextStepKind;
  readonly at?: string;
  readonly channel?: Channel;
  readonly reason: string;
}

/** Leaves out what only carrying the step out needs. Pure. */
export function recordedStep(step: NextStep): RecordedNextStep {
  return {
    kind: step.kind,
    ...('at' in step ? { at: step.at.toISOString() } : {}),
    ...('channel' in step ? { channel: step.channel } : {}),
    reason: step.reason,
  };
}

/** What the decision needs to know about the delivery besides the failure itself. */
export interface DeliveryHistory extends RetriesSpent {
  /** Channels not yet tried, in the caller's order. */
  readonly fallbacks: readonly Channel[];
  /** Why sends of this delivery are stopped now, in words; null if they are not. An outage uses up no retries. */
  readonly standstill: string | null;
}

export interface DecisionClock {
  /** The database's time. */
  readonly now: Date;
  /** From 0 (inclusive) to 1 (exclusive), for jitter. */
  readonly random: number;
}

/** Decides the next step after a failed or unknown attempt. Pure; never throws. */
export function nextStep(
  failure: Failure,
  history: DeliveryHistory,
  policy: RetryPolicy,
  clock: DecisionClock,
): NextStep {
  const { classification } = failure;
  const again = sameChannelAgain(classification);
  if (again === 'hold') {
    return {
      kind: 'hold',
      reason: `${classification.rule} stops the whole account until ${accountGoesOn(classification)}`,
    };
  }
  if (history.standstill !== null && classification.errorClass === 'provider_fault') {
    return { kind: 'hold', reason: `${history.standstill}: waiting costs no retry` };
  }
  if (failure.outcome === 'unknown' || again === 'backoff') {
    const retry = decideRetry(policy, history, failure.retryAfterMs, clock.random);
    if (retry.kind === 'retry') return tryAgain(failure, retry.number, retry.waitMs, clock.now);
    if (failure.outcome === 'unknown') return lastLook(policy, retry.reason, clock.now);
    return usedUp(afterLastAttempt(classification, history.fallbacks, retry.reason));
  }
  return afterLastAttempt(classification, history.fallbacks, `${classification.rule}: trying again does not help`);
}

/**
 * Decides the next step when this channel is done: its retries are used up, a retry cannot help, or a callback reported
 * the failure of an accepted message (which is never resent automatically).
 */
export function afterLastAttempt(
  classification: Classification,
  fallbacks: readonly Channel[],
  because: string,
): NextStep {
  const policy = CLASS_POLICY[classification.errorClass];
  const [next] = fallbacks;
  if (next && anotherChannelHelps(classification)) {
    return { kind: 'fallback', channel: next, reason: `${because}; ${next} is next` };
  }
  if (!policy.deadLetter) return { kind: 'none', reason: `${because}; the recipient does not want these messages` };
  const noFallback = next ? 'another channel is not known to help' : 'no other channel is left';
  return { kind: 'dead_letter', reason: `${because}; ${noFallback}` };
}

/** Marks a step as taken because no retry is left. */
export function usedUp(step: NextStep): NextStep {
  return step.kind === 'fallback' || step.kind === 'dead_letter' ? { ...step, exhausted: true } : step;
}

/** Whether to try the next channel after this failure. Pure. */
export function anotherChannelHelps(classification: Pick<Classification, 'errorClass' | 'otherChannelHelps'>): boolean {
  const policy = CLASS_POLICY[classification.errorClass];
  switch (policy.fallback) {
    case 'never':
      return false;
    case 'at_once':
    case 'when_exhausted':
      return true;
    case 'by_code':
      return classification.otherChannelHelps === 'yes';
  }
}

function accountGoesOn({ errorClass }: Classification): string {
  return errorClass === 'quota_exhausted' ? 'its quota resets, or an operator has it raised' : 'an operator acts';
}

/** Whether to try the same channel again after this failure, and how. Pure. */
export function sameChannelAgain(
  classification: Pick<Classification, 'errorClass' | 'sameChannelAgain'>,
): 'never' | 'backoff' | 'hold' {
  const rule = CLASS_POLICY[classification.errorClass].sameChannel;
  if (rule !== 'by_code') return rule;
  return classification.sameChannelAgain === 'backoff' ? 'backoff' : 'never';
}

function tryAgain(failure: Failure, number: number, waitMs: number, now: Date): NextStep {
  const at = new Date(now.getTime() + waitMs);
  return failure.outcome === 'unknown'
    ? {
        kind: 'reconcile',
        at,
        waitMs,
        exhausted: false,
        spendsRetry: true,
        reason: `${failure.classification.rule}: it may have been accepted, so the provider is asked before retry ${number}`,
      }
    : { kind: 'retry', at, waitMs, reason: `${failure.classification.rule}: retry ${number}` };
}

function lastLook(policy: RetryPolicy, because: string, now: Date): NextStep {
  return {
    kind: 'reconcile',
    at: new Date(now.getTime() + policy.baseMs),
    waitMs: policy.baseMs,
    exhausted: true,
    spendsRetry: false,
    reason: `${because}; the provider is asked once more whether it accepted the last attempt`,
  };
}
