import type { Work } from '../outbox/work.js';
import type { Failure } from '../policy/failure.js';
import { afterLastAttempt, nextStep, usedUp, type DecisionClock, type NextStep } from '../policy/next-step.js';
import { decideRetry, seconds, type RetryPolicy } from '../policy/retry.policy.js';
import type { Channel } from '../policy/vocabulary.js';
import type { Finding } from '../reconciliation/reconciler.js';

/** When to look again after an ambiguous finding: by then a callback may have shown whose message it is. */
const AMBIGUITY_WAITS_MS = [5000, 30_000];

export type AfterAbsence =
  | { readonly kind: 'resend'; readonly sentence: string }
  /** Ends this attempt's question: `step` comes instead of another attempt now. */
  | { readonly kind: 'end'; readonly step: NextStep };

/**
 * Decides after the provider did not show the attempt: only now does the client's `onUnknown` count. Pure.
 * @param because what was found, as a clause
 * @param now the database's time
 */
export function afterAbsence(
  work: Work,
  failure: Failure,
  because: string,
  fallbacks: readonly Channel[],
  now: Date,
): AfterAbsence {
  if (work.expiresAt !== null && work.expiresAt <= now) {
    // Back to the work that waits to be sent, since expired work ends in only one way (expire.sql.ts).
    const reason = 'its expiresAt has passed, so it is not sent again';
    return { kind: 'end', step: { kind: 'retry', at: now, waitMs: 0, reason } };
  }
  // Another channel is another send: a client that wants a human to decide wants that whether retries are left or not.
  if (work.onUnknown === 'review') {
    return { kind: 'end', step: work.exhausted ? usedUp(review(because)) : review(because) };
  }
  if (work.exhausted) {
    return { kind: 'end', step: usedUp(afterLastAttempt(failure.classification, fallbacks, 'all retries are used')) };
  }
  return {
    kind: 'resend',
    sentence: `Asked whether it was accepted: ${because}. It is to be sent again, as a possible duplicate.`,
  };
}

/** Decides after a late refusal as if it had come in time: a retry is the one that the lost lease spent. Pure. */
export function afterRefusal(
  work: Work,
  failure: Failure,
  fallbacks: readonly Channel[],
  policy: RetryPolicy,
  clock: DecisionClock,
): NextStep {
  const history = { retries: Math.max(0, work.retries - 1), waitedMs: work.waitedMs, fallbacks, standstill: null };
  const step = nextStep(failure, history, policy, clock);
  if (step.kind === 'retry') return { ...step, spendsRetry: false };
  if (step.kind !== 'hold') return step;
  // If its circuit is still open, the next attempt is held there.
  const reason = `${failure.classification.rule}: it is sent again as soon as the account may send`;
  return { kind: 'retry', at: clock.now, waitMs: 0, spendsRetry: false, reason };
}

/** Decides when the message found may not be this notification's. Pure. */
export function afterAmbiguity(work: Work, because: string, clock: DecisionClock): NextStep {
  const waitMs = AMBIGUITY_WAITS_MS[work.lookups];
  if (waitMs === undefined) return { kind: 'dead_letter', reason: `${because}; a human has to tell them apart` };
  return askAgain(work, waitMs, false, because, clock);
}

/** Decides when the provider could not be asked: nothing is sent until it can be, as long as retries last. Pure. */
export function afterNoAnswer(
  work: Work,
  failure: Failure,
  finding: Finding,
  fallbacks: readonly Channel[],
  policy: RetryPolicy,
  clock: DecisionClock,
): NextStep {
  const { because } = finding.judgement;
  const retry = decideRetry(policy, work, finding.lookupFailure?.retryAfterMs ?? null, clock.random);
  if (work.exhausted || retry.kind === 'exhausted') {
    const reason = `${because}; ${retry.kind === 'exhausted' ? retry.reason : 'all retries are used'}`;
    if (work.onUnknown === 'review') return usedUp(review(reason));
    return usedUp(afterLastAttempt(failure.classification, fallbacks, reason));
  }
  return askAgain(work, retry.waitMs, true, because, clock);
}

function review(because: string): NextStep {
  return { kind: 'dead_letter', reason: `${because}; the caller wants a human to decide` };
}

function askAgain(work: Work, waitMs: number, spendsRetry: boolean, because: string, clock: DecisionClock): NextStep {
  return {
    kind: 'reconcile',
    at: new Date(clock.now.getTime() + waitMs),
    waitMs,
    exhausted: work.exhausted,
    spendsRetry,
    reason: `${because}; asked again in ${seconds(waitMs)}`,
  };
}
