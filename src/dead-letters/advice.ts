import type { ErrorClass } from '../policy/vocabulary.js';
import type { TwilioErrorCodeTable } from '../twilio/error-codes/error-code.js';
import type { DeadLetterDetailDto } from './dead-letter.detail.dto.js';
import type { DeadLetter } from './dead-letter.entity.js';

/** What helps against a class of failure if no code says it better; each begins with who should act, as for codes. */
const ADVICE_BY_CLASS = {
  invalid_request: 'Caller: correct the request. Retry it with the correction, or discard it.',
  authentication: 'Operator: give the service credentials that the provider accepts, then retry it.',
  permission: 'Operator: allow the account to send this, then retry it, or send it on another channel.',
  not_found: 'Caller: name something that exists at the provider. Retry it with the correction.',
  rate_limited: 'Operator: wait until the sender has caught up, then retry it; slow the sender down with SENDER_RATES.',
  quota_exhausted: 'Operator: raise the cap or wait until it resets, then retry it.',
  provider_fault: 'Operator: see whether the provider is well again, then retry it, or send it on another channel.',
  recipient_unreachable:
    'Caller: find out whether the number is right. Correct it, send on another channel, or discard.',
  channel_unavailable: 'Operator: send it on another channel, or discard it.',
  content_rejected: 'Caller: correct what the message says. Retry it with new content, or discard it.',
  opted_out: 'Nobody: the recipient does not want these messages. Discard it.',
} as const satisfies Record<ErrorClass, string>;

/** Failures without a code, told apart by channel and class: a call nobody took, and a send that was taken back. */
const NOT_TAKEN =
  'Operator: retry it at a better time, send it on another channel, or discard it. Caller: check the number if nobody ever answers.';
const NOT_REFUSED =
  'Operator: it was canceled at the provider, or could not be sent as it is: the reason says which. Retry it, corrected where it has to be, or discard it.';

type FailedSend = Pick<DeadLetter, 'errorClass' | 'httpStatus' | 'providerCode' | 'channel'>;

/**
 * What to do about a failure, in the words of its code's row, otherwise of its class. Parts of a row that are for
 * nobody are left out: no automatic step is left, and a human has to do something. Pure.
 */
export function adviceFor(
  failed: FailedSend,
  table: TwilioErrorCodeTable,
): { readonly name: string | null; readonly action: string; readonly source: string | null } {
  const row = failed.providerCode === null ? undefined : table.get(failed.providerCode);
  if (!row) return { name: null, action: adviceWithoutRow(failed), source: null };
  const asked = row.action.split(/ (?=(?:Caller|Operator|Nobody): )/).filter((part) => !part.startsWith('Nobody: '));
  return { name: row.name, action: asked.join(' ') || adviceWithoutRow(failed), source: row.source };
}

function adviceWithoutRow({ errorClass, httpStatus, providerCode, channel }: FailedSend): string {
  const withoutAnswer = httpStatus === null && providerCode === null;
  if (withoutAnswer && channel === 'voice' && errorClass === 'recipient_unreachable') return NOT_TAKEN;
  if (withoutAnswer && errorClass === 'invalid_request') return NOT_REFUSED;
  return ADVICE_BY_CLASS[errorClass];
}

/** What a human has to know about a dead letter before following the advice about its failure. */
type Circumstances = Pick<DeadLetterDetailDto, 'state' | 'expired' | 'contentKept' | 'maybeAccepted'>;

/** What to do about a dead letter now. Pure. */
export function whatToDo({ state, expired, contentKept, maybeAccepted }: Circumstances, action: string): string {
  if (state === 'resolved') return 'Nobody: it is resolved.';
  if (expired) {
    return `Operator: discard it; its expiresAt has passed, so it cannot be sent any more. For the next of its kind: ${action}`;
  }
  return [
    ...(maybeAccepted
      ? ["Operator: the recipient may have it already: look it up in the provider's log before you send it again."]
      : []),
    ...(contentKept ? [] : ['Operator: its content was deleted by retention, so a retry needs new content.']),
    action,
  ].join(' ');
}
