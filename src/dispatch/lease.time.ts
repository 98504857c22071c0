/** What a request may take beyond its deadline: composing it, and a busy event loop. */
const MARGIN_MS = 1000;
/** What a claim takes when the database is busy: with less, work would be given back as often as it is claimed. */
const CLAIM_MS = 1000;

/** What a lease leaves time for. Milliseconds throughout. */
export interface LeaseTime {
  /** How old a lease may be when its request begins; where it is too short to outlive one, as long as it lasts. */
  readonly beginWithinMs: number;
  /** How old a lease may be when a look-up under it ends: a request long at least, with time to record what it found. */
  readonly lookUpWithinMs: number;
  /** Work may wait here for a slot: its lease is long enough for the request before it and for its own. */
  readonly mayWait: boolean;
  /** The shortest lease that surely outlives its request and leaves time to begin it. */
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
