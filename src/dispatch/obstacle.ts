import type { DecisionRule } from '../policy/decision.rules.js';
import { contentOf } from '../channels/corrected.js';
import { missingContent } from '../channels/usable-content.js';
import { inTheWay, waitingPlace, type Blocking } from '../incidents/circuit.passage.js';
import type { UnsuccessfulWork, Work } from '../outbox/work.js';
import type { NextStep } from '../policy/next-step.js';
import type { Channel } from '../policy/vocabulary.js';
import type { FieldError } from '../problems/problem.js';

/**
 * What stands in the way of a send that has not left yet, as work that ends or waits without a request; null if nothing
 * does. Pure: the caller has just looked up circuits and paces in memory.
 */
export function findObstacle(
  work: Work,
  blocking: Blocking | null,
  fallbacks: readonly Channel[],
): UnsuccessfulWork | null {
  const [missing] = missingContent([work.channel], contentOf(work));
  if (missing) return nothingToSay(work, missing);
  if (work.suppressed) return suppressed(work);
  // If a human chose the channel, no other one replaces it before it was tried.
  const next = work.changes?.begunBy === 'human' ? undefined : fallbacks[0];
  if (work.unavailableCode !== null && next) return notOnChannel(work, work.unavailableCode, next);
  if (!blocking) return null;
  // If it lasts, such as a sender that is locked out, another channel is better than waiting.
  if (blocking.lasting && next) return aroundSender(work, blocking, next);
  return held(work, blocking, `${inTheWay(blocking)}: it waits ${waitingPlace(blocking)}, which costs no retry.`);
}

function obstacle(work: Work, step: NextStep, rule: DecisionRule, sentence: string): UnsuccessfulWork {
  return { work, attempt: null, failure: null, step, decision: { rule, sentence } };
}

/** Work, or a question about it, that a circuit or pace holds. @param reason a full sentence */
export function held(work: Work, { holdId, incidentId, cause }: Blocking, reason: string): UnsuccessfulWork {
  return { ...obstacle(work, { kind: 'hold', reason }, `circuit: ${cause}`, reason), heldBy: holdId, incidentId };
}

function suppressed(work: Work): UnsuccessfulWork {
  const reason = 'The recipient opted out of this sender, so nothing was sent.';
  return obstacle(work, { kind: 'none', reason }, 'suppression', reason);
}

function notOnChannel(work: Work, code: number, next: Channel): UnsuccessfulWork {
  const reason = `The provider said not long ago (code ${code}) that the recipient is not on ${work.channel}: straight to ${next}.`;
  const around = obstacle(work, { kind: 'fallback', channel: next, reason }, 'recipient not on channel', reason);
  return { ...around, errorClass: 'channel_unavailable' };
}

function aroundSender(work: Work, { scope, reason: why, cause }: Blocking, next: Channel): UnsuccessfulWork {
  const reason = `${scope} is unavailable (${why}): straight to ${next}.`;
  const around = obstacle(work, { kind: 'fallback', channel: next, reason }, 'sender unavailable', reason);
  return { ...around, errorClass: cause === 'rate_limit' ? 'rate_limited' : 'channel_unavailable' };
}

/** Everything had content when it was accepted. If none is left, retention has deleted it. */
function nothingToSay(work: Work, { detail }: FieldError): UnsuccessfulWork {
  const reason = `its content was deleted by retention before it could be sent: ${detail}`;
  const ended = obstacle(work, { kind: 'dead_letter', reason }, 'retention', `It was not sent: ${reason}.`);
  return { ...ended, errorClass: 'invalid_request' };
}
