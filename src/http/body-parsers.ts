import { isUtf8 } from 'node:buffer';
import { parse as parseForm } from 'node:querystring';
import { HttpException } from '@nestjs/common';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../problems/problem.js';
import { BODY_LIMIT, FORM_LIMIT } from './body.decorator.js';

const FORM = 'application/x-www-form-urlencoded';

type Done = (error: Error | null, body?: unknown) => void;

/**
 * JSON everywhere, forms only where a route expects them: a JSON route would validate a form as if its strings had been
 * meant as JSON. Any other media type is a 415, and so is a body that is compressed or in another charset than UTF-8.
 */
export function installBodyParsers(adapter: FastifyAdapter): void {
  const fastify = adapter.getInstance();
  fastify.removeAllContentTypeParsers();
  const parseJson = fastify.getDefaultJsonParser('error', 'error');

  adapter.useBodyParser('application/json', false, {}, (request: FastifyRequest, body: Buffer, done: Done) => {
    if (expects(request, 'form')) return done(wrongMediaType(request));
    // A missing body is for the route to judge, since some need none.
    if (body.length === 0) return done(null, undefined);
    const encoded = foreignEncoding(request);
    if (encoded) return done(encoded);
    // If decoded anyway, the recipient would get a replacement character for every byte that is not valid.
    if (!isUtf8(body)) return done(new Problem('malformed-json', { detail: 'The body is not UTF-8.' }));
    const text = body.toString();
    return parseJson(request, text, (error: Error | null, parsed?: unknown) => {
      done(error === null ? null : malformedJson(text), parsed);
    });
  });

  const formOptions = { bodyLimit: FORM_LIMIT };
  adapter.useBodyParser(FORM, false, formOptions, (request: FastifyRequest, body: Buffer, done: Done) => {
    // An empty form is what `curl -X POST -d ''` sends.
    if (!expects(request, 'form')) return body.length === 0 ? done(null) : done(wrongMediaType(request));
    const encoded = foreignEncoding(request);
    if (encoded) return done(encoded);
    if (hasTooManyFields(body)) return done(tooManyFields());
    // Repeated names become lists. There is no limit here (0), since a signature covers every field.
    return done(null, parseForm(body.toString(), '&', '=', { maxKeys: 0 }));
  });

  // Such as text/plain, which `fetch` declares for any string. Fastify's own refusal does not say what to send instead.
  fastify.addContentTypeParser('*', (request: FastifyRequest, _body: unknown, done: Done) => {
    done(wrongMediaType(request));
  });
}

/**
 * The most fields of a form. Twilio's have some dozens; tens of thousands fit into FORM_LIMIT, and parsing and sorting
 * them for their signature would block the process for half a second, at anybody's wish: no key is needed to send them.
 */
const MOST_FIELDS = 1000;

/** Counts the separators between fields, without parsing or allocating anything. */
function hasTooManyFields(body: Buffer): boolean {
  let between = -1;
  for (let fields = 1; fields <= MOST_FIELDS; fields++) {
    between = body.indexOf('&', between + 1);
    if (between === -1) return false;
  }
  return true;
}

function tooManyFields(): Problem {
  return new Problem('payload-too-large', { detail: `A form may have ${MOST_FIELDS} fields at most.` });
}

/**
 * The problem for a body that Fastify refused before any parser ran, as Nest passes it on: Fastify's own message does
 * not say what to send instead. Null for any other error.
 */
export function refusedBody(error: unknown, request: FastifyRequest): Problem | null {
  if (!(error instanceof HttpException) || error instanceof Problem) return null;
  switch (error.getStatus()) {
    case 413: {
      const detail = `A body may have ${limitOf(request)} bytes here at most: send less at once.`;
      return new Problem('payload-too-large', { detail, cause: error });
    }
    case 415:
      return wrongMediaType(request);
    default:
      return null;
  }
}

/** In bytes, as Fastify applies it: the route's own limit, otherwise that of the media type. */
function limitOf({ routeOptions, headers }: FastifyRequest): number {
  const isForm = headers['content-type']?.toLowerCase().startsWith(FORM) === true;
  return routeOptions.config.body?.limit ?? (isForm ? FORM_LIMIT : BODY_LIMIT);
}

function expects(request: FastifyRequest, kind: 'json' | 'form'): boolean {
  return (request.routeOptions.config.body?.as ?? 'json') === kind;
}

function wrongMediaType(request: FastifyRequest): Problem {
  const expected = expects(request, 'form') ? FORM : 'application/json';
  return new Problem('unsupported-media-type', {
    detail: `Send the body as ${expected}.`,
    headers: { 'accept-post': expected },
  });
}

const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]*)/i;

/** Bodies are read uncompressed and as UTF-8, which includes ASCII; null if the request declares nothing else. */
function foreignEncoding({ headers }: FastifyRequest): Problem | null {
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'identity') {
    return new Problem('unsupported-media-type', {
      detail: 'Send the body without a Content-Encoding.',
      headers: { 'accept-encoding': 'identity' },
    });
  }
  const charset = CHARSET.exec(headers['content-type'] ?? '')?.[1]?.toLowerCase();
  if (charset === undefined || charset === 'utf-8' || charset === 'utf8' || charset === 'us-ascii') return null;
  return new Problem('unsupported-media-type', { detail: 'Send the body as UTF-8.' });
}

function malformedJson(text: string): Problem {
  return new Problem('malformed-json', { detail: `The body is not JSON${whereItBreaks(text)}.` });
}

/** V8 says where, but only in its message, next to an unwanted quotation of the body. */
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
