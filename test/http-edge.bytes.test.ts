import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { IsOptional, IsString } from 'class-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Public } from '../src/access/access.decorator.js';
import { ExpectsBody } from '../src/http/body.decorator.js';
import { answerClientError } from '../src/http/client-error.js';
import { type Edge, startEdge } from './support/http-edge.app.js';
import { portOf } from './support/port-of.js';
import { type TestDatabase, createMigratedDatabase } from './support/postgres.js';

class Words {
  @IsOptional()
  @IsString()
  body?: string;
}

@Controller('words')
@Public()
class WordsController {
  @Post()
  @HttpCode(200)
  words(@Body() { body }: Words) {
    return { heard: body ?? null };
  }

  @Post('none')
  @HttpCode(200)
  none() {
    return { heard: null };
  }

  @Post('of/:id')
  of(@Param('id') id: string) {
    return { heard: id };
  }

  @Post('form')
  @HttpCode(200)
  @ExpectsBody({ as: 'form' })
  form(@Body() fields: Record<string, unknown>) {
    return { heard: fields['body'] };
  }
}

let database: TestDatabase;
let edge: Edge;

beforeAll(async () => {
  database = await createMigratedDatabase();
  edge = await startEdge({ databaseUrl: database.url, controllers: [WordsController] });
});

afterAll(async () => {
  await edge?.app.close();
  await database?.drop();
});

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';
const GREETING = JSON.stringify({ body: 'Grüße 👋' });

async function post(path: string, body: Buffer | string, headers: Record<string, string>) {
  const bytes = new Uint8Array(Buffer.from(body));
  const response = await fetch(`${edge.url}/words${path}`, { method: 'POST', body: bytes, headers });
  const answer: Record<string, unknown> = JSON.parse(await response.text());
  return { status: response.status, headers: response.headers, body: answer };
}

describe('the bytes of a body', () => {
  it.each([JSON_TYPE, `${JSON_TYPE}; charset=utf-8`, `${JSON_TYPE}; charset="UTF-8"`, `${JSON_TYPE};charset=utf8`])(
    'are read as UTF-8 with %s',
    async (type) => {
      const answer = await post('', GREETING, { 'content-type': type, 'content-encoding': 'identity' });
      expect(answer).toMatchObject({ status: 200, body: { heard: 'Grüße 👋' } });
    },
  );

  it.each([
    ['Latin-1', Buffer.from(GREETING.replace(' 👋', ''), 'latin1')],
    ['a letter that was cut in two', Buffer.from('{"body":"Grüße"}').subarray(0, 12)],
    ['half of a surrogate pair', Buffer.from([...Buffer.from('{"body":"'), 0xed, 0xa0, 0x80, ...Buffer.from('"}')])],
  ])('are refused where they are %s', async (_, bytes) => {
    const answer = await post('', bytes, { 'content-type': JSON_TYPE });
    expect(answer).toMatchObject({
      status: 400,
      body: { type: 'urn:postrider:problem:malformed-json', detail: 'The body is not UTF-8.' },
    });
  });

  it.each([
    ['another charset', JSON_TYPE, { 'content-type': `${JSON_TYPE}; charset=iso-8859-1` }, ''],
    ['a compressed body', JSON_TYPE, { 'content-encoding': 'gzip' }, ''],
    ['a compressed form', FORM_TYPE, { 'content-encoding': 'br' }, '/form'],
    ['a form in another charset', FORM_TYPE, { 'content-type': `${FORM_TYPE}; charset=utf-16` }, '/form'],
  ])('are refused with %s', async (_, type, headers, path) => {
    const answer = await post(path, gzipSync(GREETING), { 'content-type': type, ...headers });
    expect(answer).toMatchObject({ status: 415, body: { type: 'urn:postrider:problem:unsupported-media-type' } });
  });

  it('are a form of at most 1000 fields: to take tens of thousands apart would keep everybody else waiting', async () => {
    const fields = (count: number) =>
      [...Array.from({ length: count - 1 }, (_, n) => n.toString(36)), 'body=x'].join('&');
    const headers = { 'content-type': FORM_TYPE };
    expect(await post('/form', fields(1000), headers)).toMatchObject({ status: 200, body: { heard: 'x' } });
    expect(await post('/form', fields(1001), headers)).toMatchObject({
      status: 413,
      body: { type: 'urn:postrider:problem:payload-too-large', detail: 'A form may have 1000 fields at most.' },
    });
  });

  it.each([FORM_TYPE, 'Application/X-WWW-Form-Urlencoded; charset=UTF-8'])(
    'are told how many of them a form may have: %s',
    async (type) => {
      const answer = await post('/form', `body=${'x'.repeat(256 * 1024)}`, { 'content-type': type });
      expect(answer).toMatchObject({ status: 413, body: { detail: expect.stringContaining('may have 262144 bytes') } });
    },
  );

  it('are told how to come instead of compressed', async () => {
    const { headers } = await post('', gzipSync(GREETING), { 'content-type': JSON_TYPE, 'content-encoding': 'gzip' });
    expect(headers.get('accept-encoding')).toBe('identity');
  });

  it.each(['', '/none'])('may be none, whatever media type they would be of: POST /words%s', async (path) => {
    for (const type of [JSON_TYPE, FORM_TYPE]) {
      expect(await post(path, '', { 'content-type': type })).toMatchObject({ status: 200, body: { heard: null } });
    }
    expect(await post(path, 'body=x', { 'content-type': FORM_TYPE })).toMatchObject({ status: 415 });
  });
});

const HOST = 'Host: x\r\n';
const END = 'Connection: close\r\n\r\n';

/** The head in lower case, and the body, of the answer to these bytes. */
async function answerTo(bytes: string) {
  const socket = connect(Number(new URL(edge.url).port), '127.0.0.1');
  socket.write(bytes);
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
  return { head: head.toLowerCase(), body };
}

describe('what reaches no route', () => {
  const long = 'x'.repeat(20_000);
  const WORDS_OF = `/words/of/${long.slice(0, 300)}`;
  it.each([
    ['a malformed escape', `GET /%zz HTTP/1.1\r\n${HOST}${END}`, 400, 'malformed-request', '/%zz'],
    ['an endless id', `POST /words/of/${long.slice(0, 300)} HTTP/1.1\r\n${HOST}${END}`, 414, 'uri-too-long', WORDS_OF],
    ['no Host', `GET /words?to=1 HTTP/1.1\r\n${END}`, 400, 'malformed-request', '/words'],
    ['something else than HTTP', 'THIS IS NOT HTTP\r\n\r\n', 400, 'malformed-request', undefined],
    ['a header that is none', `GET /words?to=1 HTTP/1.1\r\nno header\r\n${END}`, 400, 'malformed-request', '/words'],
    ['endless headers', `GET /words HTTP/1.1\r\nX: ${long}\r\n${HOST}${END}`, 431, 'headers-too-large', '/words'],
    ['an endless address', `GET /${long} HTTP/1.1\r\n${HOST}${END}`, 431, 'headers-too-large', undefined],
  ])('is answered with a problem: %s', async (_, bytes, status, slug, instance) => {
    const { head, body } = await answerTo(bytes);
    expect(head).toMatch(new RegExp(`^http/1.1 ${status} `));
    expect(head).toContain('content-type: application/problem+json');
    const { detail, ...problem }: Record<string, unknown> = JSON.parse(body);
    expect(problem).toMatchObject({ status, type: `urn:postrider:problem:${slug}` });
    expect([problem['instance'], typeof detail]).toEqual([instance, 'string']);
  });

  it('may come without a Host in HTTP/1.0', async () => {
    expect((await answerTo('GET /health/live HTTP/1.0\r\n\r\n')).head).toMatch(/^http\/1.1 200 /);
  });

  it.each([
    ['an unknown path', 'OPTIONS *', 404],
    ['a malformed escape', 'GET /%zz', 400],
    ['an endless id', `POST ${WORDS_OF}`, 414],
  ])('carries the id of the request, and what keeps caches and browsers off: %s', async (_, line, status) => {
    const { head } = await answerTo(`${line} HTTP/1.1\r\n${HOST}X-Request-Id: Mine-1\r\n${END}`);
    expect(head).toMatch(new RegExp(`^http/1.1 ${status} `));
    expect(head).toContain('x-request-id: mine-1');
    expect(head).toContain('x-frame-options: deny');
    expect(head).toContain('cache-control: no-store');
  });
});

describe('a connection on which no request came about', () => {
  /** What the caller reads when this became of its connection. */
  async function readAfter(code: string): Promise<string> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const caller = connect(portOf(server), '127.0.0.1');
    const [socket] = await accepted;
    answerClientError(Object.assign(new Error('No request'), { code }), socket);
    socket.end();
    const read = await text(caller);
    server.close();
    return read;
  }

  it('is told that the request took too long to arrive', async () => {
    const [head = '', body = ''] = (await readAfter('ERR_HTTP_REQUEST_TIMEOUT')).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n/);
    expect(JSON.parse(body)).toMatchObject({ status: 408, type: 'urn:postrider:problem:request-timeout' });
  });

  it('is told nothing where the caller has reset it', async () => {
    expect(await readAfter('ECONNRESET')).toBe('');
  });
});
