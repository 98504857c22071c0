import type { FastifyRequest } from 'fastify';
import { parseForm, type FormParameters } from './form.parameters.js';

/** What a request says, as it was written: the form in its body, or, of a GET, its query. Empty when it was not read. */
export function formOf(request: FastifyRequest): string {
  const query = request.url.indexOf('?');
  if (request.method === 'GET') return query === -1 ? '' : request.url.slice(query + 1);
  return typeof request.body === 'string' ? request.body : '';
}

export function parametersOf(request: FastifyRequest): FormParameters {
  return parseForm(formOf(request));
}

/** Only remembered and counted: Twilio does not document honouring it when something is created. */
export function idempotencyKeyOf(request: FastifyRequest): string | null {
  const key = request.headers['idempotency-key'];
  return typeof key === 'string' ? key : null;
}

/** The path without its query. */
export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? request.url;
}
