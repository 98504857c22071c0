import { OPEN_CAUSES, type OpenCause } from '../policy/vocabulary.js';

interface Opened {
  readonly cause: OpenCause;
  /** For humans: the provider's answer, or the operator's words. */
  readonly reason: string;
  /** When it left `closed`; a failed recovery does not change it. */
  readonly openedAt: Date;
  /** Failed probes and failed recoveries in a row, without a complete recovery in between. */
  readonly backoff: number;
  /** The wait chosen for the next probe, in milliseconds; null if there is none or it is no longer known. */
  readonly waitMs: number | null;
  /** Fingerprint of the refused credentials, for cause `authentication`; null if unknown. */
  readonly credentials: string | null;
  readonly incidentId: string | null;
}

/**
 * Whether sends of a scope may go out; drawn in docs/operations/incidents.md. `changedAt` is when the state last
 * changed. All times are the database's.
 *
 * `closed`     sends go out
 * `open`       sends wait; at `nextProbeAt` one real send may try; while it is null, only an operator closes the
 * circuit
 * `half_open`  a probe passed: held work goes out in growing steps, and new work waits behind it
 */
export type Circuit =
  | {
      readonly state: 'closed';
      readonly changedAt: Date;
      /**
       * The incident that this circuit's own sends proved over; null if it closed another way, such as by an operator.
       */
      readonly recoveredFrom: string | null;
    }
  | ({ readonly state: 'open'; readonly changedAt: Date; readonly nextProbeAt: Date | null } & Opened)
  | ({ readonly state: 'half_open'; readonly changedAt: Date } & Opened);

export type OpenCircuit = Circuit & { readonly state: 'open' };

/** An answer from the provider which means that no send of this scope will get through now. */
export interface Refusal {
  readonly kind: 'refused';
  readonly cause: Exclude<OpenCause, 'operator'>;
  readonly reason: string;
  /** The provider's code, for advice; null if it gave none or many led to this. */
  readonly providerCode: number | null;
  /** When the refused attempt began; null if the refusal is not about a single attempt. */
  readonly at: Date | null;
  readonly probe: boolean;
  readonly retryAfterMs: number | null;
  readonly credentials: string | null;
  readonly incidentId: string | null;
}

export type CircuitEvent =
  | Refusal
  /** The probe that began at `at` got through. */
  | { readonly kind: 'probe_passed'; readonly at: Date }
  /** The credentials that a replica sends with, which may differ from the refused ones. */
  | { readonly kind: 'credentials_changed'; readonly credentials: string }
  /** Half-open, and nothing is held any more. */
  | { readonly kind: 'drained' }
  /** It holds nothing to probe with, and the incident's other circuits have recovered. */
  | { readonly kind: 'others_recovered'; readonly incidentId: string }
  /** It holds nothing to probe with, and its wait is over: the next send will tell. */
  | { readonly kind: 'waited_out' }
  | { readonly kind: 'operator_opens'; readonly reason: string }
  | { readonly kind: 'operator_closes' };

/** Waits in milliseconds. */
export const CIRCUIT_LIMITS = {
  /** This many rate limits of one sender within the window open its circuit. */
  rateLimits: 5,
  rateLimitWindowMs: 10_000,
  /** Without a Retry-After: 1, 2, 4 … at most 60 s. */
  rateLimitFirstMs: 1000,
  rateLimitLastMs: 60_000,
  /** Without a Retry-After or a reset time from the code: Twilio's cap covers 24 hours. */
  quotaMs: 24 * 3_600_000,
  /**
   * Upper limit for a Retry-After: some gateways send a timestamp instead of seconds, and one send a day may still
   * probe.
   */
  retryAfterMs: 24 * 3_600_000,
  /** Held work goes out in steps of 1, 2, 4 … at most 500 rows. */
  stepMs: 250,
  largestStep: 500,
} as const;

/**
 * Applies an event to a circuit; returns the same object if nothing changes. Pure: every replica comes to the same
 * conclusion in memory, and the row in the database is changed by the same function under a lock.
 * @param probeMs INCIDENT_PROBE_MS
 */
export function nextCircuit(circuit: Circuit, event: CircuitEvent, now: Date, probeMs: number): Circuit {
  switch (event.kind) {
    case 'refused':
      return afterRefusal(circuit, event, now, probeMs);
    case 'probe_passed':
      return circuit.state === 'open' && event.at >= circuit.changedAt ? halfOpen(circuit, now) : circuit;
    case 'credentials_changed':
      return afterNewCredentials(circuit, event.credentials, now, probeMs);
    case 'drained':
      return circuit.state === 'half_open' ? closed(now, circuit.incidentId) : circuit;
    case 'others_recovered':
      return isProbedFor(circuit, event.incidentId) ? closed(now) : circuit;
    case 'waited_out':
      return isWaitedOut(circuit, now) ? closed(now) : circuit;
    case 'operator_opens':
      return openedByOperator(circuit, event.reason, now);
    case 'operator_closes':
      return circuit.state === 'closed' ? circuit : closed(now);
  }
}

function closed(now: Date, recoveredFrom: string | null = null): Circuit {
  return { state: 'closed', changedAt: now, recoveredFrom };
}

/** Whether it is open because of this incident and not held by an operator. */
function isProbedFor(circuit: Circuit, incidentId: string): boolean {
  return circuit.state === 'open' && circuit.cause === 'incident' && circuit.incidentId === incidentId;
}

function afterRefusal(circuit: Circuit, refusal: Refusal, now: Date, probeMs: number): Circuit {
  if (circuit.state === 'open') {
    const stronger = OPEN_CAUSES.indexOf(refusal.cause) > OPEN_CAUSES.indexOf(circuit.cause);
    const { openedAt, changedAt, incidentId } = circuit;
    if (stronger) return opened(refusal, { backoff: 0, openedAt, changedAt: now }, now, probeMs);
    const probeFailed = refusal.probe && refusal.cause === circuit.cause;
    if (!probeFailed) return circuit;
    return opened({ ...refusal, incidentId }, { backoff: oneMore(circuit.backoff), openedAt, changedAt }, now, probeMs);
  }
  // The attempt began before the circuit let sends out again, so this is already known.
  if (refusal.at !== null && refusal.at < circuit.changedAt) return circuit;
  if (circuit.state === 'closed') return opened(refusal, { backoff: 0, openedAt: now, changedAt: now }, now, probeMs);
  const { openedAt } = circuit;
  const incidentId = refusal.incidentId ?? circuit.incidentId;
  const backoff = oneMore(circuit.backoff);
  return opened({ ...refusal, incidentId }, { backoff, openedAt, changedAt: now }, now, probeMs);
}

/** A higher count would not lengthen any wait, and after weeks of outage it would overflow its column. */
const MOST_BACKOFF = 1000;

function oneMore(backoff: number): number {
  return Math.min(backoff + 1, MOST_BACKOFF);
}

function opened(
  { cause, reason, retryAfterMs, credentials, incidentId }: Refusal,
  { backoff, openedAt, changedAt }: Pick<OpenCircuit, 'backoff' | 'openedAt' | 'changedAt'>,
  now: Date,
  probeMs: number,
): Circuit {
  const waitMs = probeWaitMs(cause, backoff, retryAfterMs, probeMs);
  const nextProbeAt = waitMs === null ? null : new Date(now.getTime() + waitMs);
  return { state: 'open', cause, reason, openedAt, changedAt, nextProbeAt, backoff, waitMs, credentials, incidentId };
}

/** How long until one send may try; null if only an operator (or other credentials) can help. */
function probeWaitMs(cause: OpenCause, backoff: number, retryAfterMs: number | null, probeMs: number): number | null {
  switch (cause) {
    case 'incident':
      return probeMs;
    case 'rate_limit':
      return retryAfterMs ?? rateLimitWaitMs(backoff);
    case 'quota':
      // A gateway may send a Retry-After of one second with any 429; an exhausted cap must not be probed that often.
      return Math.max(retryAfterMs ?? CIRCUIT_LIMITS.quotaMs, rateLimitWaitMs(backoff));
    case 'authentication':
    case 'sender_unavailable':
    case 'operator':
      return null;
  }
}

function rateLimitWaitMs(backoff: number): number {
  return Math.min(CIRCUIT_LIMITS.rateLimitFirstMs * 2 ** backoff, CIRCUIT_LIMITS.rateLimitLastMs);
}

/** Whether the wait that the provider asked for is over, or other credentials may be tried. */
export function isWaitedOut(circuit: Circuit, now: Date): boolean {
  if (circuit.state !== 'open' || !ENDS_BY_WAITING.has(circuit.cause)) return false;
  return circuit.nextProbeAt !== null && circuit.nextProbeAt <= now;
}

/** Whether waiting will not help soon, so that another channel, if there is one, is better. */
export function isLasting(circuit: Circuit): boolean {
  if (circuit.state === 'closed') return false;
  if (circuit.cause === 'rate_limit') {
    return (circuit.waitMs ?? rateLimitWaitMs(circuit.backoff)) >= CIRCUIT_LIMITS.rateLimitLastMs;
  }
  return circuit.cause === 'sender_unavailable';
}

const ENDS_BY_WAITING: ReadonlySet<OpenCause> = new Set(['rate_limit', 'quota', 'authentication']);

function halfOpen(circuit: OpenCircuit, now: Date): Circuit {
  const { nextProbeAt: _, ...rest } = circuit;
  return { ...rest, state: 'half_open', changedAt: now };
}

/** New credentials are tried at once; after a failure, no more often than an incident is probed. */
function afterNewCredentials(circuit: Circuit, credentials: string, now: Date, probeMs: number): Circuit {
  if (circuit.state !== 'open' || circuit.cause !== 'authentication') return circuit;
  if (circuit.credentials === credentials || circuit.nextProbeAt !== null) return circuit;
  const waitMs = circuit.backoff === 0 ? 0 : probeMs;
  return { ...circuit, nextProbeAt: new Date(now.getTime() + waitMs) };
}

function openedByOperator(circuit: Circuit, reason: string, now: Date): Circuit {
  const openedAt = circuit.state === 'closed' ? now : circuit.openedAt;
  return {
    state: 'open',
    cause: 'operator',
    reason,
    openedAt,
    changedAt: now,
    nextProbeAt: null,
    backoff: 0,
    waitMs: null,
    credentials: null,
    // An operator who takes over a circuit does not end its incident, which lasts until the circuit is closed.
    incidentId: circuit.state === 'closed' ? null : circuit.incidentId,
  };
}
