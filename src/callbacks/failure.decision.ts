import type { Classification } from '../policy/failure.js';
import { afterLastAttempt, anotherChannelHelps, type NextStep } from '../policy/next-step.js';
import { endedUnsuccessfully, isFinal, type NotificationStatus } from '../policy/transitions.js';
import type { Channel } from '../policy/vocabulary.js';
import {
  acceptedAsAnother,
  correctionSince,
  isInFlight,
  isReplaced,
  laterDeliveries,
  mayStillArrive,
  ownWork,
  type Standing,
} from './report.state.js';

/** What a failed callback means for its delivery and its notification. */
export interface FailureDecision {
  readonly endsDelivery: boolean;
  readonly step: NextStep;
  /** True if the step is carried out; false if nothing follows from this failure, and the step only says why. */
  readonly carriedOut: boolean;
}

/**
 * Decides what follows a failed callback; null if it says nothing new: delivered is final, and a delivery that has
 * ended stays ended. Pure.
 * @param fallbacks the channels that may still follow
 */
export function failureOf(
  standing: Standing,
  knownBefore: boolean,
  classification: Classification,
  fallbacks: readonly Channel[],
): FailureDecision | null {
  const { deliveryStatus } = standing.state;
  if (knownBefore && isOver(deliveryStatus)) return null;
  const anotherAttempt = anotherAttemptOf(standing);
  if (anotherAttempt) return nothingFollows(anotherAttempt, false);
  if (correctionSince(standing.state)) return nothingFollows('a human has corrected it and sent it again since', true);
  const elsewhere = aliveElsewhere(standing);
  if (elsewhere) return nothingFollows(elsewhere, true);
  const step = stepAfter(classification, fallbacks, standing.state.expired);
  if (step.kind === 'fallback') return { endsDelivery: true, step, carriedOut: true };
  if (standing.state.awaitsReview) return nothingFollows('it waits for a human already', true);
  return { endsDelivery: true, step: { ...step, reason: step.reason + hopeElsewhere(standing) }, carriedOut: true };
}

/** For a delivery: only proof that it was sent can revive one that failed. */
function isOver(status: NotificationStatus): boolean {
  return status === 'delivered' || endedUnsuccessfully(status);
}

function nothingFollows(reason: string, endsDelivery: boolean): FailureDecision {
  return { endsDelivery, step: { kind: 'none', reason }, carriedOut: false };
}

/** Why the delivery goes on with another attempt; null if it does not. */
function anotherAttemptOf(standing: Standing): string | null {
  if (acceptedAsAnother(standing)) return 'another attempt of this delivery was accepted and may still arrive';
  const own = ownWork(standing);
  const another =
    own !== null && own.attemptId !== standing.attemptId && (isInFlight(own) || own.stage === 'reconcile');
  return another ? 'another attempt of this delivery is under way' : null;
}

/** Why the notification needs nothing more from this delivery; null if it does. */
function aliveElsewhere(standing: Standing): string | null {
  const { state } = standing;
  if (isFinal(state.status)) return `the notification is ${state.status} already`;
  const takenOver = isReplaced(standing) || laterDeliveries(state).some(mayStillArrive);
  if (takenOver) return 'another delivery has taken over already';
  return state.status === 'failed' && !state.awaitsReview ? 'the notification was given up already' : null;
}

/**
 * An earlier channel that was too slow may still deliver it. No automatic step can bring that about, so a human looks
 * at it anyway; a receipt takes it out of the review queue again.
 */
function hopeElsewhere({ state }: Standing): string {
  const other = state.deliveries.find(
    (delivery) =>
      delivery.id !== state.deliveryId && !delivery.elsewhere && !delivery.reworded && mayStillArrive(delivery),
  );
  return other ? `; ${other.channel} accepted it as well and may still deliver it` : '';
}

/** Nothing is sent after expiresAt, so no other channel takes over then. */
function stepAfter(classification: Classification, fallbacks: readonly Channel[], expired: boolean): NextStep {
  const because = `${classification.rule}, reported after the provider had accepted it`;
  const tooLate = expired && fallbacks.length > 0 && anotherChannelHelps(classification);
  if (!tooLate) return afterLastAttempt(classification, fallbacks, because);
  return {
    ...afterLastAttempt(classification, [], because),
    reason: `${because}; its expiresAt has passed, so no other channel takes over`,
  };
}
