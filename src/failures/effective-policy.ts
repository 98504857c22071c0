import { anotherChannelHelps, sameChannelAgain } from '../policy/next-step.js';
import type { TwilioErrorCode } from '../twilio/error-codes/error-code.js';

/** `hold`: once the account's circuit lets work through again. */
export const RETRIES = ['never', 'backoff', 'hold'] as const;
export type Retry = (typeof RETRIES)[number];

export const FALLBACKS = ['never', 'at_once', 'when_exhausted'] as const;
export type Fallback = (typeof FALLBACKS)[number];

/** The class's policy combined with the code's own answers, for an operator to read. Pure. */
export function effectivePolicy(row: TwilioErrorCode): { retry: Retry; fallback: Fallback } {
  const again = sameChannelAgain(row);
  // Only what was refused is resent automatically; what was accepted and failed later may have arrived after all.
  const retry = row.seenIn === 'status_callback' && again === 'backoff' ? 'never' : again;
  if (!anotherChannelHelps(row)) return { retry, fallback: 'never' };
  return { retry, fallback: retry === 'never' ? 'at_once' : 'when_exhausted' };
}
