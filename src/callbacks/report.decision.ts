import { triedChannels } from '../channels/channels-left.js';
import { isFinal } from '../policy/transitions.js';
import type { Channel } from '../policy/vocabulary.js';
import type { ProviderReport } from './provider-report.js';
import {
  acceptedAsAnother,
  correctionSince,
  isInFlight,
  laterDeliveries,
  mayStillArrive,
  ownWork,
  type ReportedState,
  type Standing,
} from './report.state.js';

/** What a callback tells about the attempt it names, before its own status is looked at. */
export type AcceptanceKind =
  /** Known already. */
  | 'known'
  /** It came before the answer to the request was recorded: nothing was in doubt. */
  | 'ahead_of_answer'
  /** The question was open and is answered: nothing is sent again. */
  | 'bound'
  /** It had been sent again meanwhile: the recipient gets it twice. */
  | 'duplicate'
  /** It had been given up: a human need not look any more. */
  | 'after_all'
  /** A human has corrected the recipient since: it reached the former one. */
  | 'misdirected'
  /** A human has corrected the words since: the recipient may get both. */
  | 'reworded';

export interface Acceptance {
  readonly kind: AcceptanceKind;
  /** The delivery counts as accepted from now on, and its work is done; otherwise that is so already. */
  readonly binds: boolean;
}

/** A callback proves that its attempt was accepted. What does that change? Pure. */
export function acceptanceOf(standing: Standing): Acceptance {
  const { state, attemptId, providerSid } = standing;
  const own = ownWork(standing);
  const sameMessage = state.othersAccepted.some((other) => other.providerSid === providerSid);
  // What failed may have been another message that was taken for this one: then it had been given up too early.
  const told = state.outcome === 'accepted' && (state.knownSid === providerSid || state.status !== 'failed');
  // An answer that came too late is on disk, but its delivery may still be worked on: then the question is open.
  if (!own && (told || sameMessage)) return { kind: 'known', binds: false };
  if (acceptedAsAnother(standing)) return { kind: 'duplicate', binds: own !== null };
  const correction = correctionSince(state);
  if (correction) return { kind: correction === 'recipient' ? 'misdirected' : 'reworded', binds: false };
  if (state.status === 'failed') return { kind: 'after_all', binds: true };
  if (!isInFlight(own)) return { kind: 'bound', binds: true };
  return { kind: own?.attemptId === attemptId ? 'ahead_of_answer' : 'duplicate', binds: true };
}

/** Its sid is another attempt's, as a callback or an answer, which name their attempt, have told meanwhile. Pure. */
export function isAboutAnother({ evidence, providerSid }: ProviderReport, state: ReportedState): boolean {
  if (evidence === 'receipt') return state.knownSid !== providerSid;
  return evidence === 'list' && state.isAnothersSid;
}

/** It says more of its attempt than is known; what the list shows proves less than the rest. Pure. */
export function provesAcceptance({ evidence, providerSid }: ProviderReport, state: ReportedState): boolean {
  return state.outcome !== 'accepted' || (evidence !== 'list' && state.knownSid !== providerSid);
}

/** What has become of the fallback of the reported delivery. */
export type FallbackState =
  /** None was decided, or it came to nothing. */
  | 'none'
  /** It waits, for its first attempt or for another one: none is on its way. */
  | 'unsent'
  /** Nobody knows yet whether its last attempt was accepted. */
  | 'in_doubt'
  /** An attempt is in flight, or was accepted. */
  | 'left';

/** Pure. */
export function fallbackOf({ state, outbox }: Standing): FallbackState {
  const later = laterDeliveries(state);
  if (outbox && later.some(({ id }) => id === outbox.deliveryId)) {
    if (outbox.stage === 'reconcile') return 'in_doubt';
    return outbox.stage === 'send' && !outbox.leased ? 'unsent' : 'left';
  }
  return later.some(mayStillArrive) ? 'left' : 'none';
}

/** The channels that count as tried; with `dropped`, once the fallback is called off that is no longer needed. Pure. */
export function triedOnceDropped({ state, outbox }: Standing, dropped: boolean): Channel[] {
  return triedChannels(
    state.deliveries.map(({ id, channel, status, attempted }) => ({
      channel,
      attempted,
      calledOff: status === 'canceled' || (dropped && id === outbox?.deliveryId),
    })),
  );
}

/** After how many seconds without a receipt the next channel takes over from the bound delivery; null for never. Pure. */
export function watchSeconds({ state }: Standing, fallback: FallbackState, next: readonly Channel[]): number | null {
  const givenUpByHuman = state.status === 'failed' && !state.awaitsReview;
  const nobodyElse = next.length === 0 || fallback === 'left';
  return isFinal(state.status) || state.expired || givenUpByHuman || nobodyElse ? null : state.fallbackAfterSeconds;
}
