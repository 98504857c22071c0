/** Why a callback failed: the class of the answer's status, no connection (`ct`), or no answer in time (`rt`). */
export type CallbackFailure = '4xx' | '5xx' | 'ct' | 'rt';

/** How often and when a callback is tried again, and how long it may take. */
export interface CallbackPolicy {
  /** Tries after the first. */
  readonly retries: number;
  readonly retryOn: ReadonlySet<CallbackFailure>;
  /** Milliseconds to wait for an answer to one try. */
  readonly readTimeoutMs: number;
  /** Milliseconds for all tries together. */
  readonly totalMs: number;
}

const EVERY_FAILURE: readonly CallbackFailure[] = ['4xx', '5xx', 'ct', 'rt'];

/** Without overrides, a callback is retried once, and only if no connection could be made. */
const DEFAULT_CALLBACK_POLICY: CallbackPolicy = {
  retries: 1,
  retryOn: new Set<CallbackFailure>(['ct']),
  readTimeoutMs: 15_000,
  totalMs: 15_000,
};

/**
 * Splits a callback URL into the part that is requested and signed, and the policy in its fragment:
 * `#rc=5&rp=all&rt=3000&tt=15000`. Values outside Twilio's bounds are ignored, as are `ct` and `e`.
 */
export function splitCallbackUrl(given: string): { readonly url: string; readonly policy: CallbackPolicy } {
  const hash = given.indexOf('#');
  if (hash === -1) return { url: given, policy: DEFAULT_CALLBACK_POLICY };
  return { url: given.slice(0, hash), policy: readOverrides(given.slice(hash + 1)) };
}

function readOverrides(fragment: string): CallbackPolicy {
  const overrides = new URLSearchParams(fragment);
  const bounded = (name: string, lowest: number, highest: number, fallback: number): number => {
    const value = Number(overrides.get(name) ?? Number.NaN);
    return Number.isInteger(value) && value >= lowest && value <= highest ? value : fallback;
  };
  return {
    retries: bounded('rc', 0, 5, DEFAULT_CALLBACK_POLICY.retries),
    retryOn: readRetryOn(overrides.get('rp')),
    readTimeoutMs: bounded('rt', 100, 15_000, DEFAULT_CALLBACK_POLICY.readTimeoutMs),
    totalMs: bounded('tt', 100, 15_000, DEFAULT_CALLBACK_POLICY.totalMs),
  };
}

function readRetryOn(policy: string | null): ReadonlySet<CallbackFailure> {
  if (policy === null) return DEFAULT_CALLBACK_POLICY.retryOn;
  const named = policy.split(',');
  return new Set(EVERY_FAILURE.filter((failure) => named.includes(failure) || named.includes('all')));
}
