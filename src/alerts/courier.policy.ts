/** When a sink that took no news is asked again. Milliseconds; source: docs/operations/alerts.md. */
export const COURIER_LIMITS = {
  /** 1, 2, 4 … at most 300 s after each failure, plus up to a fifth, so that sinks are not asked in step. */
  firstWaitMs: 1000,
  longestWaitMs: 5 * 60_000,
  jitter: 0.2,
  /** What a sink asks for by Retry-After is kept to, but no longer than this: on-call wants to hear it. */
  longestAskedMs: 60 * 60_000,
  /** Then it is parked, and shown. */
  givesUpAfterHours: 24,
  /** Longer than the deadline of a request to a sink. */
  leaseMs: 30_000,
  /** Pieces of news on their way to one sink at once. */
  inFlightPerSink: 8,
  /** What is on its way when the process stops has so long; then it is broken off, and told by another. */
  goodbyeMs: 2000,
} as const;

/**
 * Pure.
 * @param failures before this one, without a success in between
 * @param random from 0 to 1
 * @param askedMs what the sink asks for
 * @param repeatAfterMs of a sink that forgets what it is not told again: it waits no longer than that
 */
export function waitAfterFailure(
  failures: number,
  random: number,
  askedMs = 0,
  repeatAfterMs: number | null = null,
): number {
  const { firstWaitMs, longestWaitMs, longestAskedMs, jitter } = COURIER_LIMITS;
  const wait = Math.min(firstWaitMs * 2 ** Math.min(failures, 30), longestWaitMs, repeatAfterMs ?? Infinity);
  return Math.round(Math.max(wait, Math.min(askedMs, longestAskedMs)) * (1 + jitter * random));
}
