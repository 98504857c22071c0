import { anotherChannelHelps, sameChannelAgain } from '../policy/next-step.js';
import type { TwilioErrorCode } from '../twilio/error-codes/error-code.js';

/** `hold`: once the account's circuit lets work out again. */
export const RETRIES = ['never', 'backoff', 'hold'] as const;
export type Retry = (typeof RETRIES)[number];

export const FALLBACKS = ['never', 'at_once', 'when_exhausted'] as const;
export type Fallback = (typeof FALLBACKS)[number];

/** What the class's policy and the code's own answers come to together, as an operator wants to read it. Pure. */
export function effectivePolicy(row: TwilioErrorCode): { retry: Retry; fallback: Fallback } {
  const again = sameChannelAgain(row);
  // Only what was refused is sent again by itself; what was accepted and failed later may have arrived all the same.
  const retry = row.seenIn === 'status_callback' && again === 'backoff' ? 'never' : again;
  if (!anotherChannelHelps(row)) return { retry, fallback: 'never' };
  return { retry, fallback: retry === 'never' ? 'at_once' : 'when_exhausted' };
}
