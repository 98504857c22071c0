/** Upper bounds of histogram buckets, in seconds. */
export const BUCKETS = {
  /** One request to the provider; its deadline is 10 s unless configured otherwise. */
  request: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  /** From our acceptance to the provider's: at once, after retries, or after an outage. */
  toSent: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200],
  /** From our acceptance to the recipient: phones may be switched off for hours. */
  toDelivered: [0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 43_200],
} as const satisfies Record<string, readonly number[]>;
