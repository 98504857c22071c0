import type { ErrorClass, ResponsibleParty } from './vocabulary.js';

/** What a class of failure allows and asks for. */
export interface ClassPolicy {
  /** Who is responsible, unless the provider's code says otherwise: each code of `channel_unavailable` does. */
  readonly responsible: ResponsibleParty;
  /** May the same channel be tried again? `hold`: once the circuit of the account lets work out again. */
  readonly sameChannel: 'never' | 'backoff' | 'by_code' | 'hold';
  /** Does the next channel get its turn? */
  readonly fallback: 'never' | 'at_once' | 'when_exhausted' | 'by_code';
  /** Does a terminal failure without a fallback wait for a human? */
  readonly deadLetter: boolean;
  /** What on-call hears, and when. */
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
