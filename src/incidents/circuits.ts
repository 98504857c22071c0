import { Injectable } from '@nestjs/common';
import type { Work } from '../outbox/work.js';
import type { Failure } from '../policy/failure.js';

/** A circuit that stands in the way of a send. */
export interface BlockingCircuit {
  readonly circuitId: string;
  readonly scope: string;
  readonly cause: 'authentication' | 'quota' | 'rate_limit' | 'sender_unavailable' | 'incident' | 'operator' | 'pace';
  readonly reason: string;
  readonly incidentId: string | null;
}

/** Whether sends of a scope may go out now. */
@Injectable()
export class Circuits {
  /** The circuit that stands in the way of this send; null when it may start. Asked right before every request. */
  blocking(_work: Pick<Work, 'channel' | 'sender' | 'probe'>): BlockingCircuit | null {
    return null;
  }

  /** Takes note of an accepted attempt. */
  onAccepted(_work: Work): void {}

  /**
   * Takes note of a failed attempt before anything is decided about it.
   * @returns the circuit that must hold this work now; null when the policy decides alone.
   */
  onFailure(_work: Work, _failure: Failure): BlockingCircuit | null {
    return null;
  }
}
