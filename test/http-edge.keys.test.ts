import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Body, Controller, Get, Post } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Public, Scopes } from '../src/access/access.decorator.js';
import { ExpectsBody } from '../src/http/body.decorator.js';
import { ADMIN_KEY, type Edge, ask, problem, startEdge } from './support/http-edge.app.js';
import { type TestDatabase, createMigratedDatabase } from './support/postgres.js';

const MIB = 1024 * 1024;

@Controller('guarded')
@Scopes('send')
class GuardedController {
  @Post()
  accept(@Body() body: unknown) {
    return { body };
  }

  @Post('large')
  @ExpectsBody({ limit: 10 * MIB })
  large(@Body() { text }: { text: string }) {
    return { length: text.length };
  }

  @Get('large')
  @ExpectsBody({ limit: 10 * MIB })
  @Scopes('read')
  read() {
    return {};
  }

  @Post('open')
  @Public()
  open(@Body() body: unknown) {
    return { body };
  }

  @Post('form')
  @Scopes('admin')
  @ExpectsBody({ as: 'form' })
  form(@Body() fields: unknown) {
    return { fields };
  }
}

let database: TestDatabase;
let edge: Edge;
let reader: string;

beforeAll(async () => {
  database = await createMigratedDatabase();
  edge = await startEdge({ databaseUrl: database.url, controllers: [GuardedController] });
  const body = { name: 'reader', scopes: ['read'] };
  reader = (await ask<{ secret: string }>(edge, 'POST', '/v1/admin/api-keys', { body })).body.secret;
});

afterAll(async () => {
  await edge?.app.close();
  await database?.drop();
});

/** Sends the head of a request and the first bytes of its body, and answers all that comes back until the end. */
async function beginRequest(path: string, head: readonly string[], begin: string): Promise<string> {
  const socket = connect(Number(new URL(edge.url).port), '127.0.0.1');
  socket.write([`POST ${path} HTTP/1.1`, 'Host: x', 'Content-Type: application/json', ...head, '', begin].join('\r\n'));
  return text(socket);
}

const NO_JSON = '{{{';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

describe('a key is asked for before the body is read', () => {
  it.each([
    ['no JSON', '/guarded', { body: NO_JSON }],
    ['another media type', '/guarded', { body: 'x', headers: { 'content-type': 'text/plain' } }],
    ['more than the route takes', '/guarded', { body: { text: 'x'.repeat(2 * MIB) } }],
    ['a form that is none', '/guarded/form', { body: NO_JSON }],
  ])('so %s without a key is a 401, and with one that lacks the scope a 403', async (_, path, question) => {
    expect(await ask(edge, 'POST', path, { ...question, key: null })).toMatchObject(problem(401, 'unauthenticated'));
    const unknown = await ask(edge, 'POST', path, { ...question, key: 'pr_unknown' });
    expect(unknown).toMatchObject(problem(401, 'unauthenticated'));
    expect(unknown.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    expect(await ask(edge, 'POST', path, { ...question, key: reader })).toMatchObject(problem(403, 'missing-scope'));
  });

  it.each([
    ['says how long it is', [`Content-Length: ${10 * MIB}`], '{"text":"'],
    ['does not', ['Transfer-Encoding: chunked'], '9\r\n{"text":"\r\n'],
  ])('and a large body that %s is not waited for: the answer is the end', async (_, head, begin) => {
    const answer = await beginRequest('/guarded/large', head, begin);
    expect(answer).toMatch(/^HTTP\/1.1 401 /);
    expect(answer.toLowerCase()).toContain('connection: close');
    expect(answer).toContain('urn:postrider:problem:unauthenticated');
  });

  it.each([
    ['401', '/guarded/large', 'pr_unknown'],
    ['413', '/guarded/large', ADMIN_KEY],
  ])('and who sends all of 20 MiB before they read still gets the %s', async (status, path, key) => {
    const head = [`POST ${path} HTTP/1.1`, 'Host: x', 'Content-Type: application/json', `Authorization: Bearer ${key}`];
    for (let time = 1; time <= 5; time += 1) {
      const socket = connect({ port: Number(new URL(edge.url).port), host: '127.0.0.1', allowHalfOpen: true });
      socket.pause();
      socket.write([...head, `Content-Length: ${20 * MIB}`, '', ''].join('\r\n'));
      for (let part = 1; part <= 20; part += 1) {
        await new Promise<void>((resolve, reject) => {
          socket.write(Buffer.alloc(MIB, 'x'), (error) => (error ? reject(error) : resolve()));
        });
      }
      expect(await text(socket)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      socket.destroy();
    }
  });

  it('and a short one leaves the connection as it was', async () => {
    const post = 'POST /guarded HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 3\r\n';
    const socket = connect(Number(new URL(edge.url).port), '127.0.0.1');
    socket.write(`${post}\r\n${NO_JSON}${post}Connection: close\r\n\r\n${NO_JSON}`);
    expect((await text(socket)).match(/HTTP\/1.1 401 /g)).toHaveLength(2);
  });

  it('while the body is judged as ever where the key is right or none is needed', async () => {
    const asked = { key: ADMIN_KEY, body: NO_JSON };
    expect(await ask(edge, 'POST', '/guarded', asked)).toMatchObject(problem(400, 'malformed-json'));
    expect(await ask(edge, 'POST', '/guarded/form', asked)).toMatchObject(problem(415, 'unsupported-media-type'));
    const large = { text: 'x'.repeat(2 * MIB) };
    expect(await ask(edge, 'POST', '/guarded', { body: large })).toMatchObject(problem(413, 'payload-too-large'));
    expect(await ask(edge, 'POST', '/guarded/open', { ...asked, key: null })).toMatchObject(
      problem(400, 'malformed-json'),
    );
  });
});

describe('what changes something', () => {
  it('takes nothing from its query, and says so, once the key is known', async () => {
    const refused = problem(400, 'validation-failed', {
      errors: [{ pointer: '/dry~1Run', detail: 'unknown property: nothing is read from the query here' }],
    });
    expect(await ask(edge, 'POST', '/guarded?dry/Run=true', { body: {} })).toMatchObject(refused);
    expect(await ask(edge, 'DELETE', '/v1/admin/api-keys/none?dry/Run')).toMatchObject(refused);
    const withoutKey = await ask(edge, 'POST', '/guarded?dryRun=true', { body: {}, key: null });
    expect(withoutKey).toMatchObject(problem(401, 'unauthenticated'));
    expect(await ask(edge, 'POST', '/guarded?', { body: {} })).toMatchObject({ status: 201 });
  });

  it('may have one where it needs no key, as webhooks have', async () => {
    expect(await ask(edge, 'POST', '/guarded/open?from=elsewhere', { body: {} })).toMatchObject({ status: 201 });
  });
});

describe('what a route says of its access and of its body', () => {
  it("holds together, and a method's word counts more than its controller's", async () => {
    const large = { body: { text: 'x'.repeat(2 * MIB) } };
    expect(await ask(edge, 'POST', '/guarded/large', large)).toMatchObject({ body: { length: 2 * MIB } });
    const form = await ask(edge, 'POST', '/guarded/form', { body: 'a=1', headers: FORM });
    expect(form).toMatchObject({ status: 201, body: { fields: { a: '1' } } });
    expect((await ask(edge, 'GET', '/guarded/large', { key: reader })).status).toBe(200);
    expect((await ask(edge, 'HEAD', '/guarded/large', { key: null })).status).toBe(401);
    expect((await ask(edge, 'POST', '/guarded/open', { key: null, body: {} })).status).toBe(201);
  });
});
