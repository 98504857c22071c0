import { parse as parseForm } from 'node:querystring';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../problems/problem.js';
import { FORM_LIMIT } from './body.decorator.js';

type Done = (error: Error | null, body?: unknown) => void;

/**
 * JSON everywhere, forms only where a route expects them: a form that reached a JSON route would be checked as if its
 * strings had been meant as JSON. Any other media type is a 415.
 */
export function installBodyParsers(adapter: FastifyAdapter): void {
  const fastify = adapter.getInstance();
  fastify.removeAllContentTypeParsers();
  const parseJson = fastify.getDefaultJsonParser('error', 'error');

  adapter.useBodyParser('application/json', false, {}, (request: FastifyRequest, body: Buffer, done: Done) => {
    if (expects(request, 'form')) return done(wrongMediaType('application/x-www-form-urlencoded'));
    // A missing body is for the route to judge: some need none.
    if (body.length === 0) return done(null, undefined);
    const text = body.toString();
    return parseJson(request, text, (error: Error | null, parsed?: unknown) => {
      done(error === null ? null : malformedJson(text), parsed);
    });
  });

  const formOptions = { bodyLimit: FORM_LIMIT };
  adapter.useBodyParser(
    'application/x-www-form-urlencoded',
    false,
    formOptions,
    (request: FastifyRequest, body: Buffer, done: Done) => {
      if (!expects(request, 'form')) return done(wrongMediaType('application/json'));
      // Repeated names become lists; every name counts, since a signature covers them all.
      return done(null, parseForm(body.toString(), '&', '=', { maxKeys: 0 }));
    },
  );
}

function expects(request: FastifyRequest, kind: 'json' | 'form'): boolean {
  return (request.routeOptions.config.body?.as ?? 'json') === kind;
}

function wrongMediaType(expected: string): Problem {
  return new Problem('unsupported-media-type', {
    detail: `Send the body as ${expected}.`,
    headers: { 'accept-post': expected },
  });
}

function malformedJson(text: string): Problem {
  return new Problem('malformed-json', { detail: `The body is not JSON${whereItBreaks(text)}.` });
}

/** V8 says where, but only in words, and beside a quotation that nobody asked for. */
function whereItBreaks(text: string): string {
  try {
    JSON.parse(text);
    return ': it uses a property name that is not allowed (__proto__ or constructor.prototype)';
  } catch (error) {
    const place = error instanceof Error ? /\(line \d+ column \d+\)/.exec(error.message) : null;
    if (place) return ` ${place[0]}`;
    return error instanceof Error && error.message.startsWith('Unexpected end') ? ': it ends too early' : '';
  }
}
