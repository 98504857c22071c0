import type { ErrorClass, ResponsibleParty } from './vocabulary.js';

/** What an error class permits and requires. */
export interface ClassPolicy {
  /** The responsible party, unless the provider's code names another; for `channel_unavailable`, every code does. */
  readonly responsible: ResponsibleParty;
  /** Whether to try the same channel again. `hold`: only after the account's circuit releases work again. */
  readonly sameChannel: 'never' | 'backoff' | 'by_code' | 'hold';
  /** Whether to fall back to the next channel. */
  readonly fallback: 'never' | 'at_once' | 'when_exhausted' | 'by_code';
  /** Whether a terminal failure without a fallback waits for a human. */
  readonly deadLetter: boolean;
  /** The severity of the alert to on-call, and what triggers it. */
  readonly alert:
    'none' | 'error' | 'critical' | 'warning_when_exhausted' | 'critical_when_exhausted' | 'error_when_sender_wide';
}

/** The policy of the service, one row per class. Source: contract section 5. */
export const CLASS_POLICY = {
  invalid_request: {
    responsible: 'caller',
    sameChannel: 'never',
    fallback: 'by_code',
    deadLetter: true,
    alert: 'error',
  },
  authentication: {
    responsible: 'operator',
    sameChannel: 'hold',
    fallback: 'never',
    deadLetter: true,
    alert: 'critical',
  },
  permission: {
    responsible: 'operator',
    sameChannel: 'never',
    fallback: 'by_code',
    deadLetter: true,
    alert: 'error',
  },
  not_found: {
    responsible: 'caller',
    sameChannel: 'never',
    fallback: 'never',
    deadLetter: true,
    alert: 'error',
  },
  rate_limited: {
    responsible: 'provider',
    sameChannel: 'backoff',
    fallback: 'when_exhausted',
    deadLetter: true,
    alert: 'warning_when_exhausted',
  },
  quota_exhausted: {
    responsible: 'operator',
    sameChannel: 'hold',
    fallback: 'never',
    deadLetter: true,
    alert: 'critical',
  },
  provider_fault: {
    responsible: 'provider',
    sameChannel: 'backoff',
    fallback: 'when_exhausted',
    deadLetter: true,
    alert: 'critical_when_exhausted',
  },
  recipient_unreachable: {
    responsible: 'recipient',
    sameChannel: 'by_code',
    fallback: 'by_code',
    deadLetter: true,
    alert: 'none',
  },
  channel_unavailable: {
    responsible: 'operator',
    sameChannel: 'never',
    fallback: 'at_once',
    deadLetter: true,
    alert: 'error_when_sender_wide',
  },
  content_rejected: {
    responsible: 'caller',
    sameChannel: 'never',
    fallback: 'by_code',
    deadLetter: true,
    alert: 'error',
  },
  opted_out: {
    responsible: 'recipient',
    sameChannel: 'never',
    fallback: 'never',
    deadLetter: false,
    alert: 'none',
  },
} as const satisfies Record<ErrorClass, ClassPolicy>;
