import { Controller, Get } from '@nestjs/common';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Scopes } from '../src/access/access.decorator.js';
import type { Caller } from '../src/access/caller.js';
import { CurrentCaller } from '../src/access/current-caller.decorator.js';
import { ApiKeyAuthenticator } from '../src/clients/api-key.authenticator.js';
import { readEnvironment } from '../src/config/read-environment.js';
import { Listener } from '../src/database/listener.js';
import type { Page } from '../src/http/pagination.js';
import { ADMIN_KEY, type Answer, type Edge, ask, startEdge } from './support/http-edge.app.js';
import { type TestDatabase, createMigratedDatabase } from './support/postgres.js';

@Controller('who')
class WhoController {
  @Get('send')
  @Scopes('send')
  send(@CurrentCaller() caller: Caller) {
    return { ...caller, scopes: [...caller.scopes] };
  }

  @Get('read')
  @Scopes('read')
  read() {
    return {};
  }
}

let database: TestDatabase;
let edge: Edge;
let other: Edge;
let sql: Client;

beforeAll(async () => {
  database = await createMigratedDatabase();
  const controllers = [WhoController];
  edge = await startEdge({ databaseUrl: database.url, controllers });
  other = await startEdge({ databaseUrl: database.url, controllers, adminApiKey: null });
  sql = new Client({ connectionString: database.url });
  await sql.connect();
});

afterAll(async () => {
  await sql?.end();
  await edge?.app.close();
  await other?.app.close();
  await database?.drop();
});

interface Created {
  readonly id: string;
  readonly clientId: string;
  readonly secret: string;
}

async function createKey(wish: object): Promise<Created> {
  const answer = await ask<Created>(edge, 'POST', '/v1/admin/api-keys', { body: wish });
  expect(answer.status).toBe(201);
  return answer.body;
}

/** Waits until a replica has heard all that was announced so far: it hears in the order of the commits. */
async function everythingHeard(replica: Edge): Promise<void> {
  const { promise: heard, resolve } = Promise.withResolvers<void>();
  replica.app.get(Listener, { strict: false }).on('postrider_due', resolve);
  await sql.query('NOTIFY postrider_due');
  await heard;
}

const slugOf = (answer: Answer) => String(answer.body['type']).replace('urn:postrider:problem:', '');

describe('API keys', () => {
  it('opens a route to a key with its scope, and tells the route who calls', async () => {
    const key = await createKey({ name: 'billing', scopes: ['send'] });
    const answer = await ask(edge, 'GET', '/who/send', { key: key.secret });
    expect(answer.body).toEqual({
      clientId: key.clientId,
      keyId: key.id,
      name: 'billing/billing',
      scopes: ['send'],
    });
  });

  it('names the scope that a key lacks; admin does not imply the others', async () => {
    const sender = await createKey({ name: 'only send', scopes: ['send'] });
    const admin = await createKey({ name: 'only admin', scopes: ['admin'] });
    for (const { secret } of [sender, admin]) {
      const answer = await ask(edge, 'GET', '/who/read', { key: secret });
      expect([answer.status, slugOf(answer), answer.body['scope']]).toEqual([403, 'missing-scope', 'read']);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope", scope="read"');
    }
    expect((await ask(edge, 'POST', '/v1/admin/api-keys', { key: sender.secret, body: {} })).status).toBe(403);
    expect((await ask(edge, 'GET', '/who/read', { key: ADMIN_KEY })).status).toBe(200);
  });

  it.each([
    ['no Authorization', {}, 'Bearer'],
    ['another scheme', { authorization: 'Basic eDp5' }, 'Bearer'],
    ['an empty key', { authorization: 'Bearer ' }, 'Bearer'],
    ['an unknown key', { authorization: `Bearer pr_${'x'.repeat(43)}` }, 'Bearer error="invalid_token"'],
    ['an endless key', { authorization: `Bearer ${'x'.repeat(9000)}` }, 'Bearer error="invalid_token"'],
  ])('answers 401 to %s', async (_, headers, challenge) => {
    const answer = await ask(edge, 'GET', '/who/send', { key: null, headers });
    expect([answer.status, slugOf(answer)]).toEqual([401, 'unauthenticated']);
    expect(answer.headers.get('www-authenticate')).toBe(challenge);
  });

  it('keeps only the hash of a secret, and never shows the secret again', async () => {
    const key = await createKey({ name: 'secretive', scopes: ['read'] });
    expect(key.secret).toMatch(/^pr_[\w-]{43}$/);
    const list = await ask(edge, 'GET', '/v1/admin/api-keys?limit=100');
    expect(JSON.stringify(list.body)).not.toMatch(/secret"|hash/i);
    const { rows } = await sql.query('SELECT row_to_json(k)::text AS row FROM api_keys k WHERE id = $1', [key.id]);
    expect(rows[0].row).not.toContain(key.secret.slice(3));
    expect(edge.log.map((line) => JSON.stringify(line)).join('\n')).not.toContain(key.secret.slice(3));
  });

  it('gives a client a second key for rotation, and refuses a second client of the same name', async () => {
    const first = await createKey({ name: 'shop', scopes: ['send'] });
    const second = await createKey({ name: 'shop 2026', scopes: ['send'], clientId: first.clientId });
    expect(second.clientId).toBe(first.clientId);
    const answer = await ask(edge, 'GET', '/who/send', { key: second.secret });
    expect(answer.body).toMatchObject({ clientId: first.clientId, name: 'shop/shop 2026' });
    const taken = await ask(edge, 'POST', '/v1/admin/api-keys', { body: { name: 'shop', scopes: ['send'] } });
    expect([taken.status, slugOf(taken)]).toEqual([409, 'conflict']);
    const clientId = '0193a000-0000-7000-8000-000000000000';
    const unknown = await ask(edge, 'POST', '/v1/admin/api-keys', { body: { name: 'x', scopes: ['send'], clientId } });
    expect([unknown.status, slugOf(unknown)]).toEqual([404, 'not-found']);
  });

  it('refuses a key without scopes, of unknown scopes or with a name that belongs to another', async () => {
    const body = { name: 'ADMIN_API_KEY', scopes: ['send', 'root'], clientId: 5 };
    const answer = await ask(edge, 'POST', '/v1/admin/api-keys', { body });
    expect(answer.body['errors']).toEqual([
      { pointer: '/name', detail: expect.stringContaining('must not be ADMIN_API_KEY') },
      { pointer: '/scopes/1', detail: 'must be one of the following values: send, read, admin' },
      { pointer: '/clientId', detail: 'must be a UUID' },
    ]);
    const none = await ask(edge, 'POST', '/v1/admin/api-keys', { body: { name: 'x', scopes: [] } });
    expect(none.body['errors']).toEqual([{ pointer: '/scopes', detail: 'should not be empty' }]);
  });

  it('pages through all keys, newest first, each once', async () => {
    for (const number of [1, 2, 3]) await createKey({ name: `paged ${number}`, scopes: ['read'] });
    const ids: string[] = [];
    let path: string | null = '/v1/admin/api-keys?limit=2';
    while (path !== null) {
      const { body }: Answer<Page<{ id: string }>> = await ask(edge, 'GET', path);
      expect(body.items.length).toBeLessThanOrEqual(2);
      ids.push(...body.items.map((item) => item.id));
      path = body.nextCursor === null ? null : `/v1/admin/api-keys?limit=2&cursor=${body.nextCursor}`;
    }
    const { rows } = await sql.query('SELECT id FROM api_keys ORDER BY id DESC');
    expect(ids).toEqual(rows.map((row) => row.id));
  });

  it.each([
    'x',
    'bm90IGpzb24',
    Buffer.from('["api-keys","no uuid"]').toString('base64url'),
    Buffer.from('["api-keys","01930000-0000-7000-8000-000000000000","more"]').toString('base64url'),
    Buffer.from('[]').toString('base64url'),
  ])('refuses the cursor %s', async (cursor) => {
    const answer = await ask(edge, 'GET', `/v1/admin/api-keys?cursor=${cursor}`);
    expect([answer.status, answer.body['errors']]).toEqual([400, [expect.objectContaining({ pointer: '/cursor' })]]);
  });

  it('closes a revoked key at once, and on another replica as soon as it hears of it', async () => {
    const key = await createKey({ name: 'leaked', scopes: ['send'] });
    const statusAt = async (at: Edge) => (await ask(at, 'GET', '/who/send', { key: key.secret })).status;
    expect([await statusAt(edge), await statusAt(other)]).toEqual([200, 200]);
    expect((await ask(edge, 'DELETE', `/v1/admin/api-keys/${key.id}`)).status).toBe(204);
    expect(await statusAt(edge)).toBe(401);
    await everythingHeard(other);
    expect(await statusAt(other)).toBe(401);
    expect((await ask(edge, 'DELETE', `/v1/admin/api-keys/${key.id}`)).status).toBe(204);
  });

  it('tells a key from a new one of the same name at once on every replica that hears of it', async () => {
    const key = await createKey({ name: 'deploy', scopes: ['send'] });
    const nameAt = async (at: Edge) => (await ask(at, 'GET', '/who/send', { key: key.secret })).body['name'];
    expect([await nameAt(edge), await nameAt(other)]).toEqual(['deploy/deploy', 'deploy/deploy']);
    await createKey({ name: 'deploy', scopes: ['send'], clientId: key.clientId });
    expect(await nameAt(edge)).toBe(`deploy/deploy#${key.id}`);
    await everythingHeard(other);
    expect(await nameAt(other)).toBe(`deploy/deploy#${key.id}`);
  });

  it('closes a revoked key at once where it was revoked, and before long where nothing is heard of it', async () => {
    // Nobody listens on port 1, so these replicas hear no NOTIFY.
    const environment = { DATABASE_LISTEN_URL: 'postgres://127.0.0.1:1/none' };
    const deaf = { databaseUrl: database.url, environment, controllers: [WhoController] };
    const [here, there] = await Promise.all([startEdge(deaf), startEdge(deaf)]);
    try {
      const key = await createKey({ name: 'unheard', scopes: ['admin'] });
      const statusAt = async (at: Edge) => (await ask(at, 'GET', '/v1/admin/audit', { key: key.secret })).status;
      const heard = vi.spyOn(there.app.get(ApiKeyAuthenticator, { strict: false }), 'forget');
      expect([await statusAt(here), await statusAt(there)]).toEqual([200, 200]);
      expect((await ask(here, 'DELETE', `/v1/admin/api-keys/${key.id}`)).status).toBe(204);
      expect(await statusAt(here)).toBe(401);
      await expect.poll(() => statusAt(there)).toBe(401);
      expect(heard).not.toHaveBeenCalled();

      const one = await createKey({ name: 'unheard of', scopes: ['send'] });
      const nameHere = async () => (await ask(here, 'GET', '/who/send', { key: one.secret })).body['name'];
      expect(await nameHere()).toBe('unheard of/unheard of');
      const wish = { name: 'unheard of', scopes: ['send'], clientId: one.clientId };
      expect((await ask(here, 'POST', '/v1/admin/api-keys', { body: wish })).status).toBe(201);
      expect(await nameHere()).toBe(`unheard of/unheard of#${one.id}`);
    } finally {
      await Promise.all([here.app.close(), there.app.close()]);
    }
  });

  it.each([
    ['with spaces in it', 'correct horse battery  staple'],
    ['of every printable character', String.fromCharCode(...Array.from({ length: 94 }, (_, index) => 33 + index))],
    ['of the longest kind', 'x'.repeat(512)],
  ])('takes an admin key %s', async (_, adminApiKey) => {
    expect(readEnvironment({ ADMIN_API_KEY: adminApiKey })).toMatchObject({ ADMIN_API_KEY: adminApiKey });
    const spaced = await createMigratedDatabase();
    const replica = await startEdge({ databaseUrl: spaced.url, adminApiKey });
    try {
      expect((await ask(replica, 'GET', '/v1/admin/api-keys', { key: adminApiKey })).status).toBe(200);
    } finally {
      await replica.app.close();
      await spaced.drop();
    }
  });

  it('answers 404 to an unknown key and 409 to the very key that is calling', async () => {
    const unknown = await ask(edge, 'DELETE', '/v1/admin/api-keys/0193a000-0000-7000-8000-000000000000');
    expect([unknown.status, slugOf(unknown)]).toEqual([404, 'not-found']);
    expect((await ask(edge, 'DELETE', '/v1/admin/api-keys/none')).status).toBe(404);
    const { rows } = await sql.query(`SELECT id FROM api_keys WHERE name = 'ADMIN_API_KEY' AND revoked_at IS NULL`);
    const own = await ask(edge, 'DELETE', `/v1/admin/api-keys/${rows[0].id}`);
    expect([own.status, slugOf(own)]).toEqual([409, 'conflict']);
  });

  it('refuses to revoke with a body that says anything, such as a dry run', async () => {
    const key = await createKey({ name: 'kept', scopes: ['send'] });
    const refused = await ask(edge, 'DELETE', `/v1/admin/api-keys/${key.id}`, { body: { dryRun: true } });
    expect([refused.status, refused.body['errors']]).toMatchObject([400, [{ pointer: '/dryRun' }]]);
    expect((await ask(edge, 'GET', '/who/send', { key: key.secret })).status).toBe(200);
  });

  it('notes when a key was last used, but not on every use', async () => {
    const key = await createKey({ name: 'used', scopes: ['send'] });
    const version = async () =>
      (await sql.query('SELECT last_used_at, xmin FROM api_keys WHERE id = $1', [key.id])).rows[0];
    expect((await version()).last_used_at).toBeNull();
    await ask(edge, 'GET', '/who/send', { key: key.secret });
    await expect.poll(async () => (await version()).last_used_at).not.toBeNull();
    const noted = await version();
    for (let use = 0; use < 5; use++) await ask(other, 'GET', '/who/send', { key: key.secret });
    expect(await version()).toEqual(noted);
  });
});

describe('the audit log', () => {
  it('tells who made and revoked a key, newest first, and filters', async () => {
    const operator = await createKey({ name: 'operator', scopes: ['admin'] });
    const made = await ask<Created>(edge, 'POST', '/v1/admin/api-keys', {
      key: operator.secret,
      body: { name: 'audited', scopes: ['read'] },
    });
    const { id, secret } = made.body;
    await ask(edge, 'DELETE', `/v1/admin/api-keys/${id}`, { key: operator.secret });
    await ask(edge, 'DELETE', `/v1/admin/api-keys/${id}`, { key: operator.secret });
    const { body } = await ask(edge, 'GET', `/v1/admin/audit?subjectType=api_key&subjectId=${id}`);
    expect(body).toMatchObject({
      items: [
        { action: 'api_key.revoked', actor: 'operator/operator', before: { revokedAt: null }, subjectId: id },
        { action: 'api_key.created', actor: 'operator/operator', after: { scopes: ['read'], name: 'audited' } },
      ],
      nextCursor: null,
    });
    expect(JSON.stringify(body)).not.toContain(secret);
    const byAction = await ask(edge, 'GET', '/v1/admin/audit?actor=operator/operator&action=api_key.created&limit=1');
    expect(byAction.body).toMatchObject({ items: [{ subjectId: id }], nextCursor: null });
    const all = await ask(edge, 'GET', '/v1/admin/audit?limit=1');
    expect(all.body['nextCursor']).toEqual(expect.any(String));
  });

  it.each(['actor', 'action', 'subjectType', 'subjectId'])('refuses a NUL character in %s', async (field) => {
    const answer = await ask(edge, 'GET', `/v1/admin/audit?${field}=a%00b`);
    expect([answer.status, answer.body['errors']]).toMatchObject([400, [{ pointer: `/${field}` }]]);
  });
});
