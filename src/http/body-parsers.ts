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
 * JSON everywhere, forms only where a route expects them: a form that reached a JSON route would be checked as if its
 * strings had been meant as JSON. Any other media type is a 415, and so is what is compressed or no UTF-8.
 */
export function installBodyParsers(adapter: FastifyAdapter): void {
  const fastify = adapter.getInstance();
  fastify.removeAllContentTypeParsers();
  const parseJson = fastify.getDefaultJsonParser('error', 'error');

  adapter.useBodyParser('application/json', false, {}, (request: FastifyRequest, body: Buffer, done: Done) => {
    if (expects(request, 'form')) return done(wrongMediaType(request));
    // A missing body is for the route to judge: some need none.
    if (body.length === 0) return done(null, undefined);
    const encoded = foreignEncoding(request);
    if (encoded) return done(encoded);
    // Decoded all the same, it would reach the recipient with a question mark for every letter that was not understood.
    if (!isUtf8(body)) return done(new Problem('malformed-json', { detail: 'The body is not UTF-8.' }));
    const text = body.toString();
    return parseJson(request, text, (error: Error | null, parsed?: unknown) => {
      done(error === null ? null : malformedJson(text), parsed);
    });
  });

  const formOptions = { bodyLimit: FORM_LIMIT };
  adapter.useBodyParser(FORM, false, formOptions, (request: FastifyRequest, body: Buffer, done: Done) => {
    // What `curl -X POST -d ''` sends where there is nothing to say.
    if (!expects(request, 'form')) return body.length === 0 ? done(null) : done(wrongMediaType(request));
    const encoded = foreignEncoding(request);
    if (encoded) return done(encoded);
    if (hasTooManyFields(body)) return done(tooManyFields());
    // Repeated names become lists; every name counts, since a signature covers them all.
    return done(null, parseForm(body.toString(), '&', '=', { maxKeys: 0 }));
  });

  // Such as text/plain, which `fetch` says of any string. Fastify's own refusal does not tell what to send instead.
  fastify.addContentTypeParser('*', (request: FastifyRequest, _body: unknown, done: Done) => {
    done(wrongMediaType(request));
  });
}

/**
 * Of a form. Twilio's have some dozens; what fits into FORM_LIMIT are tens of thousands, and to take those apart and sort
 * them for their signature would stop the process for half a second, at anybody's wish: no key is needed to send them.
 */
const MOST_FIELDS = 1000;

/** Fields are counted by what is between them: a byte is looked at, and nothing is made. */
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
 * What Fastify refuses before a parser is asked, as Nest hands it on: its words do not say what to send instead. Null for
 * anything else.
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

/** In bytes, as Fastify has it: what the route says, otherwise what goes for the media type. */
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

/** Bodies are read as they are, and as UTF-8, of which ASCII is a part; null where the request says nothing else. */
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
