/**
 * The service's vocabulary, as closed sets. Code, tables, API, docs and logs use exactly these names. A new member
 * breaks the build of every table that does not handle it yet, on purpose.
 */

/** A way to reach a recipient. */
export const CHANNELS = ['whatsapp', 'sms', 'voice'] as const;
export type Channel = (typeof CHANNELS)[number];
/** The channels of a notification in the order in which they are tried. */
export type ChannelOrder = readonly [Channel, ...Channel[]];

/** What a notification is for. All but `marketing` are critical, which raises the severity of some alerts. */
export const CATEGORIES = ['otp', 'alert', 'transactional', 'marketing'] as const;
export type Category = (typeof CATEGORIES)[number];

/** What is known about one provider request once it is over. */
export const OUTCOMES = ['accepted', 'rejected', 'unknown'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Why something failed, which determines who is responsible and what helps. */
export const ERROR_CLASSES = [
  'invalid_request',
  'authentication',
  'permission',
  'not_found',
  'rate_limited',
  'quota_exhausted',
  'provider_fault',
  'recipient_unreachable',
  'channel_unavailable',
  'content_rejected',
  'opted_out',
] as const;
export type ErrorClass = (typeof ERROR_CLASSES)[number];

/** Who can act on a failure. */
export const RESPONSIBLE_PARTIES = ['caller', 'operator', 'provider', 'recipient'] as const;
export type ResponsibleParty = (typeof RESPONSIBLE_PARTIES)[number];

/** What the policy decided after a failure. */
export const NEXT_STEP_KINDS = ['retry', 'reconcile', 'hold', 'fallback', 'dead_letter', 'none'] as const;
export type NextStepKind = (typeof NEXT_STEP_KINDS)[number];

/** What to do if an attempt's outcome is still unknown after reconciliation. */
export const ON_UNKNOWN = ['resend', 'review'] as const;
export type OnUnknown = (typeof ON_UNKNOWN)[number];

/** How a human resolved a dead letter. */
export const RESOLUTIONS = ['retried', 'edited_and_retried', 'sent_on_fallback', 'discarded'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

export const DEAD_LETTER_STATES = ['open', 'resolved'] as const;
export type DeadLetterState = (typeof DEAD_LETTER_STATES)[number];

export const CIRCUIT_STATES = ['closed', 'open', 'half_open'] as const;
export type CircuitState = (typeof CIRCUIT_STATES)[number];

/** Why a circuit is not closed, from weakest to strongest: a stronger cause replaces a weaker one. */
export const OPEN_CAUSES = [
  'incident',
  'rate_limit',
  'quota',
  'authentication',
  'sender_unavailable',
  'operator',
] as const;
export type OpenCause = (typeof OPEN_CAUSES)[number];

/** `otp`, `alert` and `transactional` are critical, `marketing` is not. */
export function isCritical(category: Category): boolean {
  return category !== 'marketing';
}
