import type { ErrorClass } from '../policy/vocabulary.js';
import type { TwilioErrorCodeTable } from '../twilio/error-codes/error-code.js';

/** What helps against a class of failure where no code says it better; each begins with whom it asks, as the codes do. */
const ADVICE_BY_CLASS = {
  invalid_request: 'Caller: correct the request. Retry it with the correction, or discard it.',
  authentication: 'Operator: give the service credentials that the provider accepts, then retry it.',
  permission: 'Operator: allow the account to send this, then retry it, or send it on another channel.',
  not_found: 'Caller: name something that exists at the provider. Retry it with the correction.',
  rate_limited: 'Operator: wait until the sender has caught up, then retry it; slow the sender down with SENDER_RATES.',
  quota_exhausted: 'Operator: raise the cap or wait until it resets, then retry it.',
  provider_fault:
    "Operator: see whether the provider's incident is over, then retry it, or send it on another channel.",
  recipient_unreachable:
    'Caller: find out whether the number is right. Correct it, send on another channel, or discard.',
  channel_unavailable: 'Operator: send it on another channel, or discard it.',
  content_rejected: 'Caller: correct what the message says. Retry it with new content, or discard it.',
  opted_out: 'Nobody: the recipient does not want these messages. Discard it.',
} as const satisfies Record<ErrorClass, string>;

/**
 * What to do about a dead letter, in the words of the code's row, else of its class. What a row says of nobody's part is
 * left out: no automatic step is left, and a human has to do something. Pure.
 */
export function adviceFor(
  { errorClass, providerCode }: { readonly errorClass: ErrorClass; readonly providerCode: number | null },
  table: TwilioErrorCodeTable,
): { readonly name: string | null; readonly action: string; readonly source: string | null } {
  const row = providerCode === null ? undefined : table.get(providerCode);
  if (!row) return { name: null, action: ADVICE_BY_CLASS[errorClass], source: null };
  const asked = row.action.split(/ (?=(?:Caller|Operator|Nobody): )/).filter((part) => !part.startsWith('Nobody: '));
  return { name: row.name, action: asked.join(' ') || ADVICE_BY_CLASS[errorClass], source: row.source };
}
