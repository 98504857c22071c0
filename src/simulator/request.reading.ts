import type { FastifyRequest } from 'fastify';
import { parseForm, type FormParameters } from './form.parameters.js';

/**
 * A request's parameters as received: the form in its body or, for a GET, its query. Empty if the body was not read.
 */
export function formOf(request: FastifyRequest): string {
  const query = request.url.indexOf('?');
  if (request.method === 'GET') return query === -1 ? '' : request.url.slice(query + 1);
  return typeof request.body === 'string' ? request.body : '';
}

export function parametersOf(request: FastifyRequest): FormParameters {
  return parseForm(formOf(request));
}

/** Only recorded and used for counting: Twilio does not document that it honours this header on creation. */
export function idempotencyKeyOf(request: FastifyRequest): string | null {
  const key = request.headers['idempotency-key'];
  return typeof key === 'string' ? key : null;
}

/** The path without its query. */
export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? request.url;
}
