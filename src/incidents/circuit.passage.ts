import type { Work } from '../outbox/work.js';
import type { CircuitState, OpenCause } from '../policy/vocabulary.js';
import type { Circuit } from './circuit.policy.js';

/** Work of which is asked whether it may start. */
export type Departure = Pick<Work, 'channel' | 'sender' | 'probe'> & Partial<Pick<Work, 'stage' | 'releasedBy'>>;

/** What stands in its way: a circuit, or its sender's pace. */
export type Blocking = BlockingCircuit | BlockingPace;

interface Blocks {
  /** What rows point to that it holds. */
  readonly holdId: string;
  /** For sentences: a sender's number is masked in it. */
  readonly scope: string;
  readonly reason: string;
}

export interface BlockingCircuit extends Blocks {
  readonly state: Exclude<CircuitState, 'closed'>;
  readonly cause: OpenCause;
  readonly incidentId: string | null;
  /** Waiting will not help soon: where another channel is left, it is better. */
  readonly lasting: boolean;
}

export interface BlockingPace extends Blocks {
  readonly cause: 'pace';
  readonly incidentId: null;
  readonly lasting: false;
}

/** How it stands in the way: a clause, of which a colon and what follows from it make a sentence. */
export function inTheWay(blocking: Blocking): string {
  const { scope, reason } = blocking;
  if (blocking.cause === 'pace') return `The pace of ${scope} is limited (${reason})`;
  return blocking.state === 'open'
    ? `The circuit of ${scope} is open (${reason})`
    : `The circuit of ${scope} is recovering (${reason})`;
}

/** What one circuit has to know of it. */
interface Passenger {
  readonly probe: boolean;
  /** The circuit or pace that let it out for this attempt. */
  readonly releasedBy: string | null;
  /** True when what let it out is wider than the circuit that is asked: {@link isWider}. */
  readonly comesFromWider: boolean;
}

/**
 * Whether a circuit stops this work. A probe passes the open circuit it probes, and narrower ones that probe themselves:
 * if each held the other's probes, neither would ever close. What only an operator or other credentials can close lets
 * no other's probe pass. Half-open, whatever some circuit or pace let out is part of a ramp already; anything else waits
 * behind what is held.
 * @param credentials of this replica: those that were refused probe nothing.
 */
export function standsInTheWay(circuit: Circuit, id: string, work: Passenger, credentials: string): boolean {
  switch (circuit.state) {
    case 'closed':
      return false;
    case 'half_open':
      return work.releasedBy === null;
    case 'open':
      if (!work.probe || circuit.cause === 'operator') return true;
      if (work.releasedBy === id) return circuit.credentials === credentials;
      return !work.comesFromWider || circuit.nextProbeAt === null;
  }
}
