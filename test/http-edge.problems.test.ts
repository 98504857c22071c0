import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Edge, ask, problem, startEdge } from './support/http-edge.app.js';
import { ProbeController, UndeclaredController } from './support/http-edge.probe.js';
import { type TestDatabase, createMigratedDatabase } from './support/postgres.js';

let database: TestDatabase;
let edge: Edge;

beforeAll(async () => {
  database = await createMigratedDatabase();
  edge = await startEdge({ databaseUrl: database.url, controllers: [ProbeController, UndeclaredController] });
});

afterAll(async () => {
  await edge?.app.close();
  await database?.drop();
});

describe('problems', () => {
  it('names every bad field, nested ones, list elements and unknown ones included', async () => {
    const answer = await ask(edge, 'POST', '/probe', {
      body: {
        to: 5,
        channels: ['sms', 'fax', 'voice', 'pigeon'],
        sms: { bdy: 'x', mediaUrls: ['a', 1] },
        parts: [{ body: 'fine' }, { body: 2 }, 'no object'],
        chanels: [],
        'a/b~c': 1,
      },
    });
    expect(answer).toMatchObject(problem(400, 'validation-failed', { instance: '/probe' }));
    expect(answer.body['errors']).toEqual(
      expect.arrayContaining([
        { pointer: '/to', detail: 'must be a string; must match /^\\+\\d+$/ regular expression' },
        { pointer: '/channels/1', detail: 'must be one of the following values: whatsapp, sms, voice' },
        { pointer: '/channels/3', detail: 'must be one of the following values: whatsapp, sms, voice' },
        { pointer: '/sms/body', detail: 'is required: must be a string' },
        { pointer: '/sms/bdy', detail: 'unknown property; did you mean body?' },
        { pointer: '/sms/mediaUrls/1', detail: 'must be a string' },
        { pointer: '/parts/1/body', detail: 'must be a string' },
        { pointer: '/parts/2', detail: 'must be an object' },
        { pointer: '/chanels', detail: 'unknown property; did you mean channels?' },
        { pointer: '/a~1b~0c', detail: 'unknown property' },
      ]),
    );
    expect(answer.body['errors']).toHaveLength(10);
  });

  it('hands a valid body to the route as an instance of its DTO', async () => {
    const answer = await ask(edge, 'POST', '/probe', { body: { to: '+1', channels: ['sms'], sms: { body: 'x' } } });
    expect(answer).toMatchObject({ status: 201, body: { isMessage: true, message: { to: '+1', sms: { body: 'x' } } } });
  });

  it.each([['[]'], ['"text"'], ['5'], ['null'], ['']])('refuses %j as a body', async (body) => {
    expect(await ask(edge, 'POST', '/probe', { body })).toMatchObject(problem(400, 'validation-failed'));
  });

  it('refuses a body that is nested beyond all measure', async () => {
    const body = `{"to":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    expect(await ask(edge, 'POST', '/probe', { body })).toMatchObject(problem(400, 'validation-failed'));
  });

  it('lists a hundred errors at most', async () => {
    const body = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`unknown${index}`, 1]));
    const answer = await ask(edge, 'POST', '/probe', { body });
    expect(answer.body['errors']).toHaveLength(100);
  });

  it.each([
    ['{"to": "+1",, }', 'The body is not JSON (line 1 column 13).'],
    ['{"to": "+1"', expect.stringContaining('The body is not JSON')],
    ['{"__proto__": {"x": 1}}', expect.stringContaining('__proto__')],
  ])('says where %s stops being JSON', async (body, detail) => {
    const answer = await ask(edge, 'POST', '/probe', { body });
    expect(answer).toMatchObject(problem(400, 'malformed-json'));
    expect(answer.body['detail']).toEqual(detail);
  });

  it.each([
    ['/probe?limit=0', ['/limit']],
    ['/probe?limit=101', ['/limit']],
    ['/probe?limit=many', ['/limit']],
    ['/probe?limit=1&limit=2', ['/limit']],
    ['/probe?limits=5&cursor=', ['/limits', '/cursor']],
  ])('refuses the query of %s', async (path, pointers) => {
    const answer = await ask<{ errors: { pointer: string }[] }>(edge, 'GET', path);
    expect(answer).toMatchObject(problem(400, 'validation-failed', { instance: '/probe' }));
    expect(answer.body.errors.map((error) => error.pointer)).toEqual(pointers);
  });

  it('reads numbers of a query as numbers and fills in what is left out', async () => {
    expect((await ask(edge, 'GET', '/probe?limit=7')).body).toEqual({ limit: 7 });
    expect((await ask(edge, 'GET', '/probe')).body).toEqual({ limit: 50 });
  });

  it('takes only JSON on a JSON route, and says so', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const asForm = await ask(edge, 'POST', '/probe', { body: 'to=1', headers: form });
    expect(asForm).toMatchObject(problem(415, 'unsupported-media-type'));
    expect(asForm.headers.get('accept-post')).toBe('application/json');
  });

  it.each([
    ['text', { 'content-type': 'text/plain' }],
    ['a JSON dialect', { 'content-type': 'application/vnd.api+json' }],
    ['none', { 'content-type': 'garbage' }],
    ['two', { 'content-type': 'application/json, application/json' }],
  ])('says what it takes to a body of another media type as well: %s', async (_, headers) => {
    for (const [path, expected] of [
      ['/probe', 'application/json'],
      ['/probe/form', 'application/x-www-form-urlencoded'],
    ] as const) {
      const answer = await ask(edge, 'POST', path, { body: '{}', headers });
      expect(answer).toMatchObject(problem(415, 'unsupported-media-type', { detail: `Send the body as ${expected}.` }));
      expect(answer.headers.get('accept-post')).toBe(expected);
    }
    expect(await ask(edge, 'POST', '/nowhere', { body: '{}', headers })).toMatchObject(problem(404, 'not-found'));
  });

  it('takes only forms on a form route, with repeated fields as lists', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await ask(edge, 'POST', '/probe/form', { body: 'a=1&b=%2B2+x&a=3&c=', headers });
    expect(answer.body).toEqual({ a: ['1', '3'], b: '+2 x', c: '' });
    expect(await ask(edge, 'POST', '/probe/form', { body: {} })).toMatchObject(problem(415, 'unsupported-media-type'));
  });

  it('limits bodies to 1 MiB, and to more where a route allows more', async () => {
    const text = 'x'.repeat(2 * 1024 * 1024);
    const refusal = (mebibytes: number) =>
      problem(413, 'payload-too-large', {
        detail: `A body may have ${mebibytes * 1024 * 1024} bytes here at most: send less at once.`,
      });
    expect(await ask(edge, 'POST', '/probe', { body: { text } })).toMatchObject(refusal(1));
    expect((await ask(edge, 'POST', '/probe/large', { body: { text } })).body).toEqual({ length: text.length });
    expect(await ask(edge, 'POST', '/probe/large', { body: { text: text + text } })).toMatchObject(refusal(3));
  });

  it('hides an unexpected error and logs it under the id that it answers', async () => {
    const answer = await ask(edge, 'GET', '/probe/teapot?to=%2B15551230001');
    expect(answer).toMatchObject(problem(500, 'internal', { instance: '/probe/teapot' }));
    expect(JSON.stringify(answer.body)).not.toMatch(/number|TypeError|5551230001/);
    const requestId = answer.headers.get('x-request-id');
    expect(answer.body).toMatchObject({ requestId });
    const [line] = edge.log.filter((entry) => entry['requestId'] === requestId);
    expect(line).toMatchObject({
      level: 50,
      path: '/probe/teapot',
      err: { name: 'TypeError', frames: expect.any(Array) },
    });
    expect(JSON.stringify(line)).not.toContain('5551230001');
  });

  it('logs a failed query without the values it failed on', async () => {
    const answer = await ask(edge, 'GET', '/probe/sql');
    expect(answer).toMatchObject(problem(500, 'internal'));
    const line = edge.log.find((entry) => entry['requestId'] === answer.body['requestId']);
    expect(line).toMatchObject({ err: { code: '22P02' } });
    expect(JSON.stringify(line)).not.toMatch(/4711|Ann/);
  });

  it('answers 503 with a time to come back when too much arrives or the database is gone', async () => {
    const overloaded = await ask(edge, 'GET', '/probe/overloaded');
    expect(overloaded).toMatchObject(problem(503, 'overloaded'));
    expect(overloaded.headers.get('retry-after')).toBe('3');
    const lost = await ask(edge, 'GET', '/probe/lost');
    expect(lost).toMatchObject(problem(503, 'unavailable'));
    expect(lost.headers.get('retry-after')).toBe('1');
    expect((await ask(edge, 'GET', '/health/ready')).status).toBe(200);
  });

  it('adds extension members to a problem', async () => {
    const answer = await ask(edge, 'GET', '/probe/conflict');
    expect(answer).toMatchObject(problem(422, 'idempotency-conflict'));
    expect(answer.body).toMatchObject({ originalId: 'x', detail: 'Used for another one.' });
  });

  it('says 404 for an unknown address, and for an id that can be none', async () => {
    expect(await ask(edge, 'GET', '/nowhere?x=1')).toMatchObject(
      problem(404, 'not-found', {
        instance: '/nowhere',
        detail: 'No route matches this path; /docs shows those that there are.',
      }),
    );
    expect(await ask(edge, 'POST', '/nowhere', { body: '{{{' })).toMatchObject(
      problem(404, 'not-found', { instance: '/nowhere' }),
    );
    expect(await ask(edge, 'GET', '/probe/things/7')).toMatchObject(problem(404, 'not-found'));
    expect(await ask(edge, 'GET', '/probe/things/')).toMatchObject(problem(404, 'not-found'));
  });

  it.each([
    ['DELETE', '/probe', 'GET, HEAD, OPTIONS, POST'],
    ['PUT', '/probe/things/7', 'GET, HEAD, OPTIONS'],
    ['GET', '/probe/form', 'OPTIONS, POST'],
  ])('says 405 to %s %s, and what is allowed', async (method, path, allow) => {
    const answer = await ask(edge, method, path);
    expect(answer).toMatchObject(problem(405, 'method-not-allowed', { instance: path }));
    expect(answer.headers.get('allow')).toBe(allow);
  });

  it('answers OPTIONS on a known path and HEAD where there is GET', async () => {
    const options = await ask(edge, 'OPTIONS', '/probe');
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS, POST']);
    expect((await ask(edge, 'HEAD', '/probe')).status).toBe(200);
    expect((await ask(edge, 'HEAD', '/probe/teapot')).status).toBe(500);
    expect(await ask(edge, 'OPTIONS', '/nowhere')).toMatchObject(problem(404, 'not-found'));
  });

  it('closes a route that declares no access, even to an admin', async () => {
    expect(await ask(edge, 'GET', '/closed')).toMatchObject(problem(403, 'forbidden'));
    expect(await ask(edge, 'GET', '/closed', { key: null })).toMatchObject(problem(401, 'unauthenticated'));
    expect((await ask(edge, 'GET', '/probe', { key: null })).status).toBe(200);
  });

  it('keeps a request id that is fit for a log, and makes one otherwise', async () => {
    const kept = await ask(edge, 'GET', '/probe', { headers: { 'x-request-id': 'order-17:a' } });
    expect(kept.headers.get('x-request-id')).toBe('order-17:a');
    for (const unfit of ['a b', 'x'.repeat(129)]) {
      const made = await ask(edge, 'GET', '/probe', { headers: { 'x-request-id': unfit } });
      expect(made.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it.each([
    ['GET', '/probe'],
    ['GET', '/nowhere'],
    ['DELETE', '/probe'],
    ['OPTIONS', '/probe'],
    ['GET', '/probe/teapot'],
    ['GET', '/closed'],
  ] as const)('tells caches and browsers to keep their hands off: %s %s', async (method, path) => {
    const { headers } = await ask(edge, method, path);
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy':
        "default-src 'self';img-src 'self' data:;style-src 'self' 'unsafe-inline';object-src 'none';base-uri 'none';frame-ancestors 'none'",
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });
});
