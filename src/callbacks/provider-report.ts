import { providerCode, storable } from '../twilio/provider.answer.js';
import type { TwilioResource } from '../twilio/resource.js';
import { valueOf, type CallbackForm } from './callback-form.js';

/**
 * How the provider told it: by a `callback`; asked for the `receipt` of a sid, in the words of a callback; by an `answer`
 * that came when its lease was over; or by its `list`, read as late. The last one does not name the attempt, and a receipt
 * names the one that the sid belonged to when it was asked for.
 */
export type Evidence = 'callback' | 'receipt' | 'answer' | 'list';

/** What the provider says of an attempt, before anything is made of it. */
export interface ProviderReport {
  readonly evidence: Evidence;
  readonly attemptId: string;
  readonly resource: TwilioResource;
  readonly providerSid: string;
  /** MessageStatus or CallStatus, in the provider's words. */
  readonly status: string;
  readonly errorCode: number | null;
  /** Every parameter as it came. */
  readonly params: CallbackForm;
}

/** What Twilio calls them; messages have an older name, too. */
export const NAMES = {
  message: { sid: ['MessageSid', 'SmsSid'], status: ['MessageStatus', 'SmsStatus'] },
  call: { sid: ['CallSid'], status: ['CallStatus'] },
} as const satisfies Record<TwilioResource, object>;

/** Reads the form of a callback; null where it lacks the sid or the status. */
export function readReport(attemptId: string, resource: TwilioResource, form: CallbackForm): ProviderReport | null {
  const params = storableForm(form);
  const names = NAMES[resource];
  const providerSid = valueOf(params, ...names.sid);
  const status = valueOf(params, ...names.status);
  if (!providerSid || !status) return null;
  const errorCode = providerCode(valueOf(params, 'ErrorCode'));
  return { evidence: 'callback', attemptId, resource, providerSid, status, errorCode, params };
}

/** What cannot be stored would be refused again at each of the provider's repetitions, and lost after the last. */
function storableForm(form: CallbackForm): CallbackForm {
  const values = (value: string | string[]) => (Array.isArray(value) ? value.map(storable) : storable(value));
  return Object.fromEntries(Object.entries(form).map(([name, value]) => [storable(name), values(value)]));
}
