import type { DecisionRule } from '../policy/decision.rules.js';
import type { AcceptanceNews, FallbackState } from './report.decision.js';
import type { Evidence } from './provider-report.js';
import { isInFlight, laterDeliveries, ownWork, type Standing } from './report.state.js';

/** What shows it, as the beginning of a sentence. */
const SHOWN_BY = {
  callback: 'A late callback shows that the attempt was accepted',
  receipt: 'What Twilio says of the message shows that the attempt was accepted',
  answer: 'The answer to the attempt came when its lease was over: it was accepted',
  list: "The provider's list showed the attempt when its lease was over: it was accepted",
} as const satisfies Record<Evidence, string>;

/** The rule that the explanation names for the evidence. */
export const ACCEPTANCE_RULE = {
  callback: 'callback',
  receipt: 'missing receipt',
  answer: 'late answer',
  list: 'reconciliation',
} as const satisfies Record<Evidence, DecisionRule>;

/** What the explanation says about an acceptance that was proved late. Pure. */
export function acceptanceSentence(
  standing: Standing,
  evidence: Evidence,
  kind: AcceptanceNews,
  fallback: FallbackState,
): string {
  const own = ownWork(standing);
  const shown = SHOWN_BY[evidence];
  switch (kind) {
    case 'after_all':
      return `${shown} after all; no human needs to look at it.`;
    case 'misdirected':
      return `${shown}. A human has corrected its recipient since, so that changes nothing for the corrected one.`;
    case 'reworded':
      return `${shown}. A human has corrected its words since, so the recipient may get both.`;
    case 'duplicate':
      return `${shown} although it was sent again; the recipient ${isInFlight(own) ? 'may get' : 'gets'} it twice.`;
    case 'bound': {
      if (own?.stage === 'reconcile' && own.attemptId !== standing.attemptId) {
        return `${shown}. It was sent again, and nobody knows whether that was accepted as well: nothing more is sent, and the recipient may get it twice.`;
      }
      const silence = fallback === 'none' ? ', and nothing is sent again' : '';
      return evidence === 'callback'
        ? `A callback carries the id of the attempt: it was accepted${silence}.`
        : `${shown}${silence}.`;
    }
  }
}

/** What took over from the reported delivery, in words. */
interface Successor {
  /** A clause. */
  readonly decided: 'a fallback was decided' | 'a human had it sent again';
  readonly name: string;
}

const FALLBACK: Successor = { decided: 'a fallback was decided', name: 'the fallback' };
const RETRY_BY_HUMAN: Successor = { decided: 'a human had it sent again', name: "the human's retry" };

function successorOf({ state }: Standing): Successor {
  return laterDeliveries(state).at(-1)?.byHuman ? RETRY_BY_HUMAN : FALLBACK;
}

/** The rule in the explanation when an earlier delivery is reported after another one was decided. Pure. */
export function afterFallbackRule(standing: Standing, delivered: boolean): DecisionRule {
  return `${delivered ? 'delivered' : 'accepted'} after ${successorOf(standing).decided}`;
}

/** What the explanation says when an earlier delivery is reported after a fallback, or a human's retry. Pure. */
export function fallbackSentence(
  standing: Standing,
  delivered: boolean,
  fallback: Exclude<FallbackState, 'none'>,
): string {
  const { channel } = standing.state;
  const { decided, name } = successorOf(standing);
  const happened = delivered ? `It was delivered by ${channel}` : `${channel} turned out to have accepted it`;
  switch (fallback) {
    case 'unsent':
      return `${happened} after ${decided}; ${name} had not left and is dropped.`;
    case 'in_doubt':
      return `${happened} after ${decided}, and it was in doubt whether ${name} had been accepted; nothing more is sent, and the recipient may get it twice.`;
    case 'left':
      return `${happened} after ${name} had left: the recipient ${delivered ? 'gets' : 'may get'} it twice.`;
  }
}
