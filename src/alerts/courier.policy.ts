/** When a sink that did not take news is tried again. Milliseconds; source: docs/operations/alerts.md. */
export const COURIER_LIMITS = {
  /** 1, 2, 4 … at most 300 s after each failure, plus up to a fifth, so that sinks are not asked in step. */
  firstWaitMs: 1000,
  longestWaitMs: 5 * 60_000,
  jitter: 0.2,
  /** A sink's Retry-After is respected, but no longer than this: on-call wants to hear the news. */
  longestAskedMs: 60 * 60_000,
  /** After this the news is parked, and shown as such. */
  givesUpAfterHours: 24,
  /** Longer than the deadline of a request to a sink. */
  leaseMs: 30_000,
  /** Pieces of news on their way to one sink at once. */
  inFlightPerSink: 8,
  /** How long news on its way has when the process stops; then it is broken off, and told by another replica. */
  goodbyeMs: 2000,
} as const;

/**
 * How long to wait before a sink is tried again, in milliseconds. Pure.
 * @param failures before this one, without a success in between
 * @param random from 0 to 1
 * @param askedMs how long the sink asks to be left alone
 * @param repeatAfterMs of a sink that forgets what is not repeated: unless it asks to, it waits no longer than this
 */
export function waitAfterFailure(
  failures: number,
  random: number,
  askedMs: number,
  repeatAfterMs: number | null,
): number {
  const { firstWaitMs, longestWaitMs, longestAskedMs, jitter } = COURIER_LIMITS;
  const wait = Math.min(firstWaitMs * 2 ** failures, longestWaitMs, repeatAfterMs ?? Infinity);
  return Math.round(Math.max(wait, Math.min(askedMs, longestAskedMs)) * (1 + jitter * random));
}
