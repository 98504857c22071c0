import type { OpenCause } from '../policy/vocabulary.js';
import type { Circuit } from './circuit.policy.js';
import type { CircuitScope } from './circuit.scope.js';

/** A row of the circuits table; {@link Circuit} shows which columns belong together. */
export type CircuitRow = {
  readonly id: string;
  readonly scope: CircuitScope;
  readonly state: Circuit['state'];
  readonly cause: OpenCause | null;
  readonly reason: string | null;
  readonly openedAt: Date | null;
  readonly nextProbeAt: Date | null;
  readonly backoff: number;
  readonly waitMs: number | null;
  readonly released: number;
  readonly credentials: string | null;
  readonly incidentId: string | null;
  readonly recoveredFrom: string | null;
  readonly changedAt: Date;
};

export function circuitOfRow(row: CircuitRow): Circuit {
  const { state, changedAt, cause, openedAt, reason, backoff, waitMs, credentials, incidentId, recoveredFrom } = row;
  // A constraint of the table guarantees both for a circuit that is not closed.
  if (state === 'closed' || cause === null || openedAt === null) return { state: 'closed', changedAt, recoveredFrom };
  const why = { cause, reason: reason ?? cause, openedAt, backoff, waitMs, credentials, incidentId };
  return state === 'open' ? { state, changedAt, nextProbeAt: row.nextProbeAt, ...why } : { state, changedAt, ...why };
}

/** The parameters of WRITE_CIRCUIT, in order. */
export function columnsOf(id: string, circuit: Circuit): unknown[] {
  if (circuit.state === 'closed') {
    const { state, changedAt, recoveredFrom } = circuit;
    return [id, state, null, null, null, null, 0, null, null, null, changedAt, recoveredFrom];
  }
  const { state, cause, reason, openedAt, backoff, waitMs, credentials, incidentId, changedAt } = circuit;
  const nextProbeAt = state === 'open' ? circuit.nextProbeAt : null;
  return [id, state, cause, reason, openedAt, nextProbeAt, backoff, waitMs, credentials, incidentId, changedAt, null];
}
