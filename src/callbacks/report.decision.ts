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

/** What a report proves about its attempt's acceptance, before its own status is looked at. */
export type AcceptanceKind =
  /** Known already. */
  | 'known'
  /** It came before the answer to the request was recorded: nothing was in doubt. */
  | 'ahead_of_answer'
  /** The question was open and is answered: nothing is sent again. */
  | 'bound'
  /** It was sent again meanwhile: the recipient gets or may get it twice. */
  | 'duplicate'
  /** It had been given up: no human needs to look at it any more. */
  | 'after_all'
  /** A human has corrected the recipient since: it reached the former one. */
  | 'misdirected'
  /** A human has corrected the words since: the recipient may get both. */
  | 'reworded';

/** What the explanation tells. */
export type AcceptanceNews = Exclude<AcceptanceKind, 'known' | 'ahead_of_answer'>;

export interface Acceptance {
  readonly kind: AcceptanceKind;
  /** Whether this report makes its delivery accepted and ends its work. */
  readonly binds: boolean;
}

/** Decides what changes when a report proves its attempt accepted. Pure. */
export function acceptanceOf(standing: Standing): Acceptance {
  const { state, attemptId, providerSid } = standing;
  const own = ownWork(standing);
  const sameMessage = state.othersAccepted.some((other) => other.providerSid === providerSid);
  // Another message, taken for this one, may have made the notification fail: then it was given up too early.
  const told = state.outcome === 'accepted' && (state.knownSid === providerSid || state.status !== 'failed');
  // A late answer may be on disk while its delivery is still worked on: then the question is open.
  if (!own && (told || sameMessage)) return { kind: 'known', binds: false };
  if (acceptedAsAnother(standing)) return { kind: 'duplicate', binds: own !== null };
  const correction = correctionSince(state);
  if (correction) return { kind: correction === 'recipient' ? 'misdirected' : 'reworded', binds: false };
  if (state.status === 'failed') return { kind: 'after_all', binds: true };
  if (!isInFlight(own)) return { kind: 'bound', binds: true };
  return { kind: own?.attemptId === attemptId ? 'ahead_of_answer' : 'duplicate', binds: true };
}

/** Whether the sid is another attempt's, which a callback or an answer, naming that attempt, has shown since. Pure. */
export function isAboutAnother({ evidence, providerSid }: ProviderReport, state: ReportedState): boolean {
  if (evidence === 'receipt') return state.knownSid !== providerSid;
  return evidence === 'list' && state.isAnothersSid;
}

/** Whether the report says more about its attempt than is known; a list proves less than other evidence. Pure. */
export function provesAcceptance({ evidence, providerSid }: ProviderReport, state: ReportedState): boolean {
  return state.outcome !== 'accepted' || (evidence !== 'list' && state.knownSid !== providerSid);
}

/** What has become of the fallback of the reported delivery. */
export type FallbackState =
  /** None was decided, or it came to nothing. */
  | 'none'
  /** It waits for its first attempt or for another one: nothing is on its way. */
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

/** The channels that count as tried; with `dropped`, the needless fallback counts as called off. Pure. */
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
