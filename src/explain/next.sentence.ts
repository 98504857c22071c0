import type { NotificationHistory } from '../notifications/notification.reader.js';
import type { Channel, CircuitState, OpenCause } from '../policy/vocabulary.js';
import { withoutIdentifiers } from './explanation.js';
import { clockTime } from './moment.js';

/** The outbox row of a notification, and what holds it. */
export interface WaitingWork {
  readonly deliveryId: string;
  readonly stage: 'send' | 'reconcile' | 'await_delivery';
  readonly channel: Channel;
  readonly dueAt: Date;
  /** After this it is not sent any more. */
  readonly expiresAt: Date | null;
  /** A dispatcher is working on it right now. */
  readonly leased: boolean;
  /** Attempts of this delivery so far, including the one in flight. */
  readonly attempts: number;
  /** It waits for a circuit or for its sender's turn. */
  readonly held: boolean;
  /** The circuit that holds it; null if its sender's pace does, or nothing. */
  readonly circuit: HoldingCircuit | null;
  /**
   * When one of the sends waiting there tries again; null if only an operator releases them, or if they are going out
   * already.
   */
  readonly nextProbeAt: Date | null;
  /** The database's time. */
  readonly now: Date;
}

interface HoldingCircuit {
  readonly scope: string;
  readonly reason: string | null;
  readonly state: CircuitState;
  /** Null if it is closed. */
  readonly cause: OpenCause | null;
}

export interface ExplainedNext {
  readonly sentence: string;
  /** Null if it cannot be known. */
  readonly at: Date | null;
}

const RECEIPT_MISSING = { sentence: 'Twilio accepted it: only its delivery receipt is missing.', at: null };

/**
 * What comes next; null if nothing does. Pure.
 * @param following the channel that takes over if no receipt comes; null if none is left
 */
export function explainedNext(
  history: NotificationHistory,
  work: WaitingWork | null,
  following: Channel | null,
): ExplainedNext | null {
  if (work) return work.held ? held(work) : planned(history, work, following);
  if (history.notification.status === 'sent') return RECEIPT_MISSING;
  if (history.notification.status === 'failed' && history.deadLetter?.state === 'open') {
    return { sentence: 'It waits in the review queue until a human decides.', at: null };
  }
  return null;
}

function held({ circuit, stage, nextProbeAt, now }: WaitingWork): ExplainedNext {
  const step = stage === 'send' ? 'is sent' : 'is looked up at Twilio';
  const sentence = circuit
    ? `It ${step} when the circuit of ${circuit.scope} lets it${circuit.reason ? ` (${circuit.reason})` : ''}; waiting there spends no retry. ${wayOut(circuit, nextProbeAt, now)}`
    : `It ${step} when its sender has a turn to give; waiting for it spends no retry.`;
  return { sentence: withoutIdentifiers(sentence), at: null };
}

/** What has to happen before a circuit lets anything out. */
function wayOut({ state, cause }: HoldingCircuit, nextProbeAt: Date | null, now: Date): string {
  if (state !== 'open') return 'What waits there goes out in growing steps now.';
  if (nextProbeAt !== null) {
    const when = nextProbeAt <= now ? 'now' : `at ${clockTime(nextProbeAt, now)}`;
    return `One of the sends that wait there tries again ${when}; the others follow when it is accepted.`;
  }
  return cause === 'authentication'
    ? 'It stays so until an operator brings other credentials or closes the circuit.'
    : 'It stays so until an operator closes the circuit.';
}

function planned({ notification }: NotificationHistory, work: WaitingWork, following: Channel | null): ExplainedNext {
  const { stage, channel, dueAt, expiresAt, leased, attempts, now } = work;
  const time = clockTime(dueAt, now);
  const due = dueAt <= now;
  switch (stage) {
    case 'send':
      if (leased) return { sentence: `Attempt ${attempts} on ${channel} is under way.`, at: null };
      if (expiresAt !== null && expiresAt <= dueAt) {
        const not = attempts > 0 ? 'it is not sent again' : 'it is not sent';
        const sentence = `Attempt ${attempts + 1} on ${channel} would start at ${time}; its expiresAt comes before that, so ${not}.`;
        return { sentence, at: expiresAt };
      }
      return due
        ? { sentence: `Attempt ${attempts + 1} on ${channel} starts as soon as a worker is free.`, at: dueAt }
        : { sentence: `Attempt ${attempts + 1} on ${channel} starts at ${time}.`, at: dueAt };
    case 'reconcile': {
      const question = `whether it accepted attempt ${attempts} on ${channel}, before anything is sent again`;
      if (leased) return { sentence: `Twilio is being asked ${question}.`, at: null };
      return { sentence: `Twilio is asked ${due ? 'now' : `at ${time}`} ${question}.`, at: dueAt };
    }
    case 'await_delivery': {
      if (!following) return RECEIPT_MISSING;
      const awaited = `Twilio's delivery receipt is awaited until ${time}`;
      const tooLate = notification.expiresAt !== null && notification.expiresAt <= dueAt;
      return tooLate
        ? { sentence: `${awaited}; its expiresAt comes before that, so no other channel takes over.`, at: dueAt }
        : { sentence: `${awaited}; without it ${following} is next.`, at: dueAt };
    }
  }
}
