/** What a request may take beyond its timeout, because it must be composed and the event loop may be busy. */
const MARGIN_MS = 1000;
/** What a claim takes on a busy database: with less to spare, work would be given back as often as it is claimed. */
const CLAIM_MS = 1000;

/** What a lease leaves time for, in milliseconds. */
export interface LeaseTime {
  /** The greatest age of a lease at which its request may begin; its whole length if it is below `shortestMs`. */
  readonly beginWithinMs: number;
  /** The age of a lease at which its look-up must end: early enough to record the finding, but not before one timeout. */
  readonly lookUpWithinMs: number;
  /** Whether work may wait here for a slot: its lease is long enough for the request before it and for its own. */
  readonly mayWait: boolean;
  /** The shortest lease that outlives its request for certain and leaves time to begin it. */
  readonly shortestMs: number;
}

/** Pure. */
export function leaseTime(leaseMs: number, timeoutMs: number): LeaseTime {
  const longestRequestMs = timeoutMs + MARGIN_MS;
  const spareMs = leaseMs - longestRequestMs;
  return {
    beginWithinMs: spareMs >= CLAIM_MS ? spareMs : leaseMs,
    lookUpWithinMs: Math.max(timeoutMs, leaseMs - MARGIN_MS),
    mayWait: leaseMs >= 2 * longestRequestMs,
    shortestMs: longestRequestMs + CLAIM_MS,
  };
}
