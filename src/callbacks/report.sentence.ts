import type { Channel } from '../policy/vocabulary.js';
import type { AcceptanceKind, FallbackState } from './report.decision.js';
import { isInFlight, ownWork, type Standing } from './report.state.js';

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

/** What the explanation says of a fallback that an earlier channel's callback found decided. Pure. */
export function fallbackSentence(
  channel: Channel,
  delivered: boolean,
  fallback: Exclude<FallbackState, 'none'>,
): string {
  const happened = delivered ? `It was delivered by ${channel}` : `${channel} turned out to have accepted it`;
  switch (fallback) {
    case 'unsent':
      return `${happened} after a fallback was decided; the fallback had not left and is dropped.`;
    case 'in_doubt':
      return `${happened} after a fallback was decided, and it was in doubt whether the fallback had been accepted; nothing more is sent, and the recipient may get it twice.`;
    case 'left':
      return `${happened} after its fallback had left: the recipient ${delivered ? 'gets' : 'may get'} it twice.`;
  }
}
