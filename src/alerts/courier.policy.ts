/** When a sink that took no news is asked again. Milliseconds; source: docs/operations/alerts.md. */
export const COURIER_LIMITS = {
  /** 1, 2, 4 … at most 300 s after each failure, plus up to a fifth, so that sinks are not asked in step. */
  firstWaitMs: 1000,
  longestWaitMs: 5 * 60_000,
  jitter: 0.2,
  /** Then it is parked, and shown. */
  givesUpAfterHours: 24,
  /** Longer than the deadline of a request to a sink. */
  leaseMs: 30_000,
  /** Pieces of news on their way to one sink at once. */
  inFlightPerSink: 8,
} as const;

/** Pure. @param failures before this one, without a success in between. @param random from 0 to 1 */
export function waitAfterFailure(failures: number, random: number): number {
  const { firstWaitMs, longestWaitMs, jitter } = COURIER_LIMITS;
  const wait = Math.min(firstWaitMs * 2 ** Math.min(failures, 30), longestWaitMs);
  return Math.round(wait * (1 + jitter * random));
}
