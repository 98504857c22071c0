import { providerCode, storable } from '../twilio/provider.answer.js';
import type { TwilioResource } from '../twilio/resource.js';
import { valueOf, type CallbackForm } from './callback-form.js';

/**
 * How the provider told it: by a `callback`; by the `receipt` of a sid, asked for and put in the words of a callback;
 * by an `answer` that came after its lease had ended; or by its `list`, read equally late. A list does not name the
 * attempt, and a receipt names the one to which the sid belonged when it was asked for.
 */
export type Evidence = 'callback' | 'receipt' | 'answer' | 'list';

/** What the provider says about an attempt, before it is interpreted. */
export interface ProviderReport {
  readonly evidence: Evidence;
  readonly attemptId: string;
  readonly resource: TwilioResource;
  readonly providerSid: string;
  /** MessageStatus or CallStatus, in the provider's words. */
  readonly status: string;
  readonly errorCode: number | null;
  /** Every parameter as it came, except for characters that cannot be stored. */
  readonly params: CallbackForm;
}

/** Twilio's names for the parameters; those of messages have older names, too. */
export const NAMES = {
  message: { sid: ['MessageSid', 'SmsSid'], status: ['MessageStatus', 'SmsStatus'] },
  call: { sid: ['CallSid'], status: ['CallStatus'] },
} as const satisfies Record<TwilioResource, object>;

/** Reads the form of a callback; null if it lacks the sid or the status. */
export function readReport(attemptId: string, resource: TwilioResource, form: CallbackForm): ProviderReport | null {
  const params = storableForm(form);
  const names = NAMES[resource];
  const providerSid = valueOf(params, ...names.sid);
  const status = valueOf(params, ...names.status);
  if (!providerSid || !status) return null;
  const errorCode = providerCode(valueOf(params, 'ErrorCode'));
  return { evidence: 'callback', attemptId, resource, providerSid, status, errorCode, params };
}

/** A form that cannot be stored would be refused each time the provider repeats it, and lost after the last time. */
function storableForm(form: CallbackForm): CallbackForm {
  const values = (value: string | string[]) => (Array.isArray(value) ? value.map(storable) : storable(value));
  return Object.fromEntries(Object.entries(form).map(([name, value]) => [storable(name), values(value)]));
}
