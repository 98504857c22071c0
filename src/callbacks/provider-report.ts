import { providerCode, storable } from '../twilio/provider.answer.js';

/** What a status callback says, before anything is made of it. */
export interface ProviderReport {
  readonly attemptId: string;
  readonly resource: 'message' | 'call';
  readonly providerSid: string;
  /** MessageStatus or CallStatus, in the provider's words. */
  readonly status: string;
  readonly errorCode: number | null;
  /** Every parameter as it came. */
  readonly params: Readonly<Record<string, string | string[]>>;
}

/** Reads the form of a callback; null where it lacks the sid or the status. */
export function readReport(
  attemptId: string,
  resource: ProviderReport['resource'],
  form: ProviderReport['params'],
): ProviderReport | null {
  const params = storableForm(form);
  const names =
    resource === 'message' ? { sid: ['MessageSid', 'SmsSid'], status: ['MessageStatus', 'SmsStatus'] } : CALL_NAMES;
  const providerSid = first(params, names.sid);
  const status = first(params, names.status);
  if (!providerSid || !status) return null;
  return { attemptId, resource, providerSid, status, errorCode: providerCode(first(params, ['ErrorCode'])), params };
}

/** What cannot be stored would be refused again at each of the provider's repetitions, and lost after the last. */
function storableForm(form: ProviderReport['params']): ProviderReport['params'] {
  const values = (value: string | string[]) => (Array.isArray(value) ? value.map(storable) : storable(value));
  return Object.fromEntries(Object.entries(form).map(([name, value]) => [storable(name), values(value)]));
}

const CALL_NAMES = { sid: ['CallSid'], status: ['CallStatus'] };

function first(params: ProviderReport['params'], names: readonly string[]): string | null {
  for (const name of names) {
    const value = params[name];
    const text = Array.isArray(value) ? value[0] : value;
    if (text) return text;
  }
  return null;
}
