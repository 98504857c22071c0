import { headerOf } from '../http/answer.headers.js';
import type { ProviderAnswer } from '../policy/failure.js';
import type { Answer } from './network.error.js';

/**
 * Reads what Twilio says about a failure, in each of its forms: `{code, message, more_info, status}` (2010-04-01),
 * RFC 9457 `{type, title, status, code, detail}`, and `{errors: [{code, message}]}`; anything else (HTML of a proxy,
 * nothing) leaves code and message null. Never throws.
 */
export function readProviderAnswer(answer: Answer): ProviderAnswer {
  const body = parseObject(answer.text);
  const first = firstError(body);
  return {
    httpStatus: answer.status,
    providerCode: providerCode(body?.['code']) ?? providerCode(first?.['code']),
    providerMessage:
      text(body?.['message']) ?? text(body?.['detail']) ?? text(first?.['message']) ?? text(body?.['title']),
    providerRequestId: headerOf(answer, 'twilio-request-id'),
    providerBody: storable(answer.text),
  };
}

/** A body that is a JSON object; null for everything else. */
export function parseObject(body: string): Readonly<Record<string, unknown>> | null {
  try {
    const parsed: unknown = JSON.parse(body);
    return isObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

/** A Twilio error code, of nine digits at most, given as a number or as text; null for anything else, as Twilio sends null for "none". */
export function providerCode(value: unknown): number | null {
  if (typeof value === 'string') return /^[1-9]\d{0,8}$/.test(value) ? Number(value) : null;
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 1e9 ? value : null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function firstError(body: Readonly<Record<string, unknown>> | null): Readonly<Record<string, unknown>> | null {
  const errors = body?.['errors'];
  const first: unknown = Array.isArray(errors) ? errors[0] : null;
  return isObject(first) ? first : null;
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? storable(value) : null;
}

/**
 * What PostgreSQL's text cannot hold, shown as U+FFFD: NUL (a gateway's page that is still compressed is full of it)
 * and halves of surrogate pairs. A result that cannot be written would be written again until its lease is over.
 */
export function storable(value: string): string {
  return value.replaceAll('\0', '\uFFFD').toWellFormed();
}
