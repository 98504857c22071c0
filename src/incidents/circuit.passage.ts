import type { Work } from '../outbox/work.js';
import type { CircuitState, OpenCause } from '../policy/vocabulary.js';
import type { Circuit } from './circuit.policy.js';

/** Work that is about to start, unless a circuit or pace blocks it. */
export type Departure = Pick<Work, 'channel' | 'sender' | 'probe'> & Partial<Pick<Work, 'stage' | 'releasedBy'>>;

/** What blocks it: a circuit, or its sender's pace. */
export type Blocking = BlockingCircuit | BlockingPace;

interface Blocks {
  /** The id that rows it holds point to. */
  readonly holdId: string;
  /** For use in sentences: a sender's number is masked. */
  readonly scope: string;
  readonly reason: string;
}

export interface BlockingCircuit extends Blocks {
  readonly state: Exclude<CircuitState, 'closed'>;
  readonly cause: OpenCause;
  readonly incidentId: string | null;
  /** Waiting will not help soon: another channel, if one is left, is better. */
  readonly lasting: boolean;
}

export interface BlockingPace extends Blocks {
  readonly cause: 'pace';
  readonly incidentId: null;
  readonly lasting: false;
}

/** How it blocks, as a clause: a colon and what follows from it complete the sentence. */
export function inTheWay(blocking: Blocking): string {
  const { scope, reason } = blocking;
  if (blocking.cause === 'pace') return `The pace of ${scope} is limited (${reason})`;
  return blocking.state === 'open'
    ? `The circuit of ${scope} is open (${reason})`
    : `The circuit of ${scope} is recovering (${reason})`;
}

/** Where work waits that it blocks, as what follows after "it waits". */
export function waitingPlace({ cause }: Blocking): string {
  return cause === 'pace' ? 'for its turn' : 'there';
}

/** What a circuit needs to know about the work. */
interface Passenger {
  readonly probe: boolean;
  /** The circuit or pace that released it for this attempt. */
  readonly releasedBy: string | null;
  /** True if the circuit that released it is wider than the one being asked: {@link isWider}. */
  readonly comesFromWider: boolean;
}

/**
 * Whether a circuit blocks this work. A probe passes the open circuit it probes, and narrower ones that send their own
 * probes: if each held the other's probes, neither would ever close. A circuit that only an operator or other
 * credentials can close lets no foreign probe pass. A half-open circuit passes everything that a circuit or pace has
 * released, which is already part of a ramp; anything else waits behind the held work.
 * @param credentials of this replica: refused credentials are not probed with
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
