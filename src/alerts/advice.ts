import type { TwilioErrorCodeTable } from '../twilio/error-codes/error-code.js';
import { CLOSE_IT, KINDS, type AlertKind } from './alert.kinds.js';

/** What on-call should do; the error catalogue knows it better where one code is the whole cause. Pure. */
export function adviceFor(kind: AlertKind, providerCode: number | null, codes: TwilioErrorCodeTable): string {
  const known = providerCode === null ? undefined : codes.get(providerCode);
  if (known && kind === 'request_errors') return known.action;
  if (known && kind === 'sender_unavailable') return `${known.action} ${CLOSE_IT}`;
  return KINDS[kind].advice;
}
