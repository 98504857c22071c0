import { OPEN_CAUSES, type OpenCause } from '../policy/vocabulary.js';

interface Opened {
  readonly cause: OpenCause;
  /** For humans: what was answered, or what the operator said. */
  readonly reason: string;
  /** When it left `closed`; a recovery that failed does not change it. */
  readonly openedAt: Date;
  /** Openings and failed probes in a row, without a recovery in between. */
  readonly backoff: number;
  /** The wait for the next probe as it was chosen, in milliseconds; null where there is none, or it is not known any more. */
  readonly waitMs: number | null;
  /** Fingerprint of the credentials that were refused, with cause `authentication`; null where they are not known. */
  readonly credentials: string | null;
  readonly incidentId: string | null;
}

/**
 * Whether sends of a scope may go out; drawn in docs/operations/incidents.md. `changedAt` is when the state last
 * changed, in the database's time like every time here.
 *
 * `closed`     they may
 * `open`       they wait; at `nextProbeAt` one real send may try, where it is null only an operator closes it
 * `half_open`  a probe passed: what was held goes out in growing steps, and what is new waits behind it
 */
export type Circuit =
  | {
      readonly state: 'closed';
      readonly changedAt: Date;
      /** The incident that its own sends proved over. Null where it closed in another way, such as by an operator. */
      readonly recoveredFrom: string | null;
    }
  | ({ readonly state: 'open'; readonly changedAt: Date; readonly nextProbeAt: Date | null } & Opened)
  | ({ readonly state: 'half_open'; readonly changedAt: Date } & Opened);

/** An answer of the provider that says: nothing of this scope will get through now. */
export interface Refusal {
  readonly kind: 'refused';
  readonly cause: Exclude<OpenCause, 'operator'>;
  readonly reason: string;
  /** When the attempt began that was refused; null when it is not about one attempt. */
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
  /** A replica sends with these, which may be others than those that were refused. */
  | { readonly kind: 'credentials_changed'; readonly credentials: string }
  /** Half-open, and nothing is held any more. */
  | { readonly kind: 'drained' }
  /** It holds nothing to probe with, and the other circuits of this incident have recovered. */
  | { readonly kind: 'others_recovered'; readonly incidentId: string }
  /** It holds nothing to probe with, and its wait is over: the next send will tell. */
  | { readonly kind: 'waited_out' }
  | { readonly kind: 'operator_opens'; readonly reason: string }
  | { readonly kind: 'operator_closes' };

/** Waits in milliseconds. */
export const CIRCUIT_LIMITS = {
  /** This many rate limits of one sender in this time open its circuit. */
  rateLimits: 5,
  rateLimitWindowMs: 10_000,
  /** Without a Retry-After: 1, 2, 4 … at most 60 s. */
  rateLimitFirstMs: 1000,
  rateLimitLastMs: 60_000,
  /** Without a Retry-After, and where the code says no other time: Twilio counts its cap over 24 hours. */
  quotaMs: 24 * 3_600_000,
  /** Of a Retry-After: some gateways write a moment where seconds are meant, and one send a day may ask. */
  retryAfterMs: 24 * 3_600_000,
  /** What is held goes out in steps of 1, 2, 4 … at most 500 rows. */
  stepMs: 250,
  largestStep: 500,
} as const;

export interface ProbeTiming {
  /** INCIDENT_PROBE_MS */
  readonly probeMs: number;
}

/**
 * What an event makes of a circuit; the same object when nothing changes. Pure: every replica comes to the same
 * conclusion in memory, and the row in the database is changed by the same function under a lock.
 */
export function nextCircuit(circuit: Circuit, event: CircuitEvent, now: Date, timing: ProbeTiming): Circuit {
  switch (event.kind) {
    case 'refused':
      return afterRefusal(circuit, event, now, timing);
    case 'probe_passed':
      return circuit.state === 'open' && event.at >= circuit.changedAt ? halfOpen(circuit, now) : circuit;
    case 'credentials_changed':
      return afterNewCredentials(circuit, event.credentials, now, timing);
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

/** Whether it is open because of this incident, and no operator holds it. */
function isProbedFor(circuit: Circuit, incidentId: string): boolean {
  return circuit.state === 'open' && circuit.cause === 'incident' && circuit.incidentId === incidentId;
}

function afterRefusal(circuit: Circuit, refusal: Refusal, now: Date, timing: ProbeTiming): Circuit {
  if (circuit.state === 'open') {
    const stronger = OPEN_CAUSES.indexOf(refusal.cause) > OPEN_CAUSES.indexOf(circuit.cause);
    if (stronger) return opened(refusal, 0, circuit.openedAt, now, now, timing);
    const probeFailed = refusal.probe && refusal.cause === circuit.cause;
    return probeFailed
      ? opened(
          { ...refusal, incidentId: circuit.incidentId },
          oneMore(circuit.backoff),
          circuit.openedAt,
          circuit.changedAt,
          now,
          timing,
        )
      : circuit;
  }
  // It began before the circuit let sends out again: what it says is known already.
  if (refusal.at !== null && refusal.at < circuit.changedAt) return circuit;
  if (circuit.state === 'closed') return opened(refusal, 0, now, now, now, timing);
  const incidentId = refusal.incidentId ?? circuit.incidentId;
  return opened({ ...refusal, incidentId }, oneMore(circuit.backoff), circuit.openedAt, now, now, timing);
}

/** A higher count would not make a wait longer, and after weeks of outage its column could not hold it. */
const MOST_BACKOFF = 1000;

function oneMore(backoff: number): number {
  return Math.min(backoff + 1, MOST_BACKOFF);
}

function opened(
  { cause, reason, retryAfterMs, credentials, incidentId }: Refusal,
  backoff: number,
  openedAt: Date,
  changedAt: Date,
  now: Date,
  timing: ProbeTiming,
): Circuit {
  const waitMs = probeWaitMs(cause, backoff, retryAfterMs, timing);
  const nextProbeAt = waitMs === null ? null : new Date(now.getTime() + waitMs);
  return { state: 'open', cause, reason, openedAt, changedAt, nextProbeAt, backoff, waitMs, credentials, incidentId };
}

/** How long until one send may try; null where only an operator (or other credentials) can help. */
function probeWaitMs(
  cause: OpenCause,
  backoff: number,
  retryAfterMs: number | null,
  timing: ProbeTiming,
): number | null {
  switch (cause) {
    case 'incident':
      return timing.probeMs;
    case 'rate_limit':
      return retryAfterMs ?? rateLimitWaitMs(backoff);
    case 'quota':
      // A gateway's Retry-After of a second is its word for any 429: a cap that is still reached is not asked for so often.
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

/** Whether the time that the provider said to wait has passed, or other credentials may be tried by now. */
export function isWaitedOut(circuit: Circuit, now: Date): boolean {
  if (circuit.state !== 'open' || !ENDS_BY_WAITING.has(circuit.cause)) return false;
  return circuit.nextProbeAt !== null && circuit.nextProbeAt <= now;
}

/** Waiting will not help soon: another channel is better, where there is one. */
export function isLasting(circuit: Circuit): boolean {
  if (circuit.state === 'closed') return false;
  if (circuit.cause === 'rate_limit') {
    return (circuit.waitMs ?? rateLimitWaitMs(circuit.backoff)) >= CIRCUIT_LIMITS.rateLimitLastMs;
  }
  return circuit.cause === 'sender_unavailable';
}

const ENDS_BY_WAITING: ReadonlySet<OpenCause> = new Set(['rate_limit', 'quota', 'authentication']);

function halfOpen(circuit: Circuit & { state: 'open' }, now: Date): Circuit {
  const { nextProbeAt: _, ...rest } = circuit;
  return { ...rest, state: 'half_open', changedAt: now };
}

/** New credentials are tried at once; if they fail too, no more often than an incident is probed. */
function afterNewCredentials(circuit: Circuit, credentials: string, now: Date, timing: ProbeTiming): Circuit {
  if (circuit.state !== 'open' || circuit.cause !== 'authentication') return circuit;
  if (circuit.credentials === credentials || circuit.nextProbeAt !== null) return circuit;
  const waitMs = circuit.backoff === 0 ? 0 : timing.probeMs;
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
    // An incident is not over because somebody else watches over its circuit now: it lasts until that is closed.
    incidentId: circuit.state === 'closed' ? null : circuit.incidentId,
  };
}
