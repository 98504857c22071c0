import { headerOf } from '../http/answer.headers.js';
import type { ProviderAnswer } from '../policy/failure.js';
import type { Answer } from './network.error.js';

/**
 * Reads Twilio's account of a failure in each of its formats: `{code, message, more_info, status}` (2010-04-01), RFC
 * 9457 `{type, title, status, code, detail}`, and `{errors: [{code, message}]}`. Anything else (a proxy's HTML,
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

/** The body, if it is a JSON object; else null. */
export function parseObject(body: string): Readonly<Record<string, unknown>> | null {
  try {
    const parsed: unknown = JSON.parse(body);
    return isObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

/**
 * A Twilio error code of at most nine digits, given as a number or as text; null for anything else, since Twilio sends
 * null for "none".
 */
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
 * Replaces what PostgreSQL's text cannot hold with U+FFFD: NUL (a gateway's page that is still compressed is full of
 * them) and unpaired surrogates. A result that cannot be written would be retried until its lease expires.
 */
export function storable(value: string): string {
  return value.replaceAll('\0', '\uFFFD').toWellFormed();
}
