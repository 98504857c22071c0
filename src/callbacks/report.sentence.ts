import type { AcceptanceKind, FallbackState } from './report.decision.js';
import { isInFlight, laterDeliveries, ownWork, type Standing } from './report.state.js';

/** What the explanation says of an acceptance that a callback proved. Pure. */
export function acceptanceSentence(
  standing: Standing,
  kind: Exclude<AcceptanceKind, 'known' | 'ahead_of_answer'>,
  fallback: FallbackState,
): string {
  const own = ownWork(standing);
  switch (kind) {
    case 'after_all':
      return 'A late callback shows that the attempt was accepted after all: no human needs to look at it.';
    case 'misdirected':
      return 'A late callback shows that the attempt was accepted. A human has corrected its recipient since, so that changes nothing for the corrected one.';
    case 'reworded':
      return 'A late callback shows that the attempt was accepted. A human has corrected its words since, so the recipient may get both.';
    case 'duplicate':
      return `A late callback shows that the attempt was accepted although it was sent again: the recipient ${isInFlight(own) ? 'may get' : 'gets'} it twice.`;
    case 'bound': {
      if (own?.stage === 'reconcile' && own.attemptId !== standing.attemptId) {
        return 'A late callback shows that the attempt was accepted. It was sent again, and nobody knows whether that was accepted as well: nothing more is sent, and the recipient may get it twice.';
      }
      const silence = fallback === 'none' ? ', and nothing is sent again' : '';
      return `A callback carries the id of the attempt: it was accepted${silence}.`;
    }
  }
}

/** What took over from the reported delivery, in words. */
interface Successor {
  /** A clause. */
  readonly decided: string;
  readonly name: string;
}

const FALLBACK: Successor = { decided: 'a fallback was decided', name: 'the fallback' };
const RETRY_BY_HUMAN: Successor = { decided: 'a human had it sent again', name: "the human's retry" };

function successorOf({ state }: Standing): Successor {
  return laterDeliveries(state).at(-1)?.byHuman ? RETRY_BY_HUMAN : FALLBACK;
}

/** Which rule the explanation names where an earlier delivery's callback found another one decided. Pure. */
export function afterFallbackRule(standing: Standing, delivered: boolean): string {
  return `${delivered ? 'delivered' : 'accepted'} after ${successorOf(standing).decided}`;
}

/** What the explanation says of a fallback, or a human's retry, that an earlier delivery's callback found decided. Pure. */
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
