/** When a failed attempt is retried. All times are in milliseconds; contract section 4. */
export interface RetryPolicy {
  /** Wait before the first retry. */
  readonly baseMs: number;
  /** Each later wait is the previous one times this factor. */
  readonly factor: number;
  /** Maximum number of retries. */
  readonly max: number;
  /** Maximum total wait over all retries of a delivery. */
  readonly budgetMs: number;
}

/** What a delivery has used up so far. Waiting in an open circuit uses up nothing. */
export interface RetriesSpent {
  readonly retries: number;
  readonly waitedMs: number;
}

export type RetryDecision =
  | { readonly kind: 'retry'; readonly number: number; readonly waitMs: number }
  | { readonly kind: 'exhausted'; readonly reason: string };

/** Jitter is only added, up to this fraction of the wait, so that the promised order and minimum hold. */
const JITTER = 0.1;

/**
 * Decides whether another retry is due and after how long: base × factor^(n−1) before retry n, or the provider's
 * Retry-After where that is longer, plus jitter.
 * @param random from 0 (inclusive) to 1 (exclusive)
 */
export function decideRetry(
  policy: RetryPolicy,
  spent: RetriesSpent,
  retryAfterMs: number | null,
  random: number,
): RetryDecision {
  const number = spent.retries + 1;
  if (number > policy.max) {
    return { kind: 'exhausted', reason: `all ${policy.max} retries are used` };
  }
  const backoff = policy.baseMs * policy.factor ** (number - 1);
  const nominal = Math.max(backoff, retryAfterMs ?? 0);
  if (spent.waitedMs + nominal > policy.budgetMs) {
    return {
      kind: 'exhausted',
      reason: `waiting ${seconds(nominal)} more would pass the limit of ${seconds(policy.budgetMs)} in total`,
    };
  }
  const waitMs = Math.min(Math.round(nominal * (1 + JITTER * random)), policy.budgetMs - spent.waitedMs);
  return { kind: 'retry', number, waitMs };
}

/** A wait for human readers: "1.5 s". */
export function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
