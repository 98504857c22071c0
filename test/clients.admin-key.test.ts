import { Client } from 'pg';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ApiKeyAuthenticator } from '../src/clients/api-key.authenticator.js';
import { ADMIN_KEY, ask, startEdge, type Edge } from './support/http-edge.app.js';
import { createMigratedDatabase } from './support/postgres.js';

const NEXT = 'the-next-admin-key-for-tests';
const KEYS = '/v1/admin/api-keys';

async function newDatabase(): Promise<string> {
  const database = await createMigratedDatabase();
  onTestFinished(() => database.drop());
  return database.url;
}

async function start(databaseUrl: string, adminApiKey = ADMIN_KEY): Promise<Edge> {
  const edge = await startEdge({ databaseUrl, adminApiKey });
  onTestFinished(() => edge.app.close());
  return edge;
}

interface Listed {
  readonly items: readonly {
    readonly id: string;
    readonly clientId: string;
    readonly name: string;
    readonly revokedAt: string | null;
  }[];
}

async function createKey(edge: Edge, name: string, clientId?: string) {
  const body = { name, scopes: ['admin'], ...(clientId && { clientId }) };
  const answer = await ask<{ id: string; clientId: string; secret: string }>(edge, 'POST', KEYS, { body });
  expect(answer.status).toBe(201);
  return answer.body;
}

async function query(databaseUrl: string, text: string, values: readonly string[] = []): Promise<object[]> {
  const sql = new Client({ connectionString: databaseUrl });
  await sql.connect();
  try {
    return (await sql.query<object>(text, [...values])).rows;
  } finally {
    await sql.end();
  }
}

/** A key `start` of a client that can no longer be made. */
async function keyOfOldClient(databaseUrl: string, edge: Edge, name: string) {
  const key = await createKey(edge, 'start');
  await query(databaseUrl, 'UPDATE clients SET name = $1 WHERE id = $2', [name, key.clientId]);
  return key;
}

async function revokeAdminKey(edge: Edge, key: string): Promise<void> {
  const { body } = await ask<Listed>(edge, 'GET', KEYS, { key });
  const id = body.items.find(({ name, revokedAt }) => name === 'ADMIN_API_KEY' && revokedAt === null)?.id;
  expect((await ask(edge, 'DELETE', `${KEYS}/${id}`, { key })).status).toBe(204);
}

describe('ADMIN_API_KEY', () => {
  it('is one key with every scope, however many replicas start with it', async () => {
    const databaseUrl = await newDatabase();
    await Promise.all([start(databaseUrl), start(databaseUrl), start(databaseUrl)]);
    expect(await query(databaseUrl, `SELECT scopes, revoked_at FROM api_keys WHERE name = 'ADMIN_API_KEY'`)).toEqual([
      { scopes: ['send', 'read', 'admin'], revoked_at: null },
    ]);
  });

  it('replaces the key before when it changes, on every replica at once, and comes back when it changes back', async () => {
    const databaseUrl = await newDatabase();
    const inForce = () =>
      query(
        databaseUrl,
        `SELECT encode(secret_hash, 'hex') AS hash FROM api_keys WHERE name = 'ADMIN_API_KEY' AND revoked_at IS NULL`,
      );
    const edge = await start(databaseUrl);
    const [before] = await inForce();
    expect((await ask(edge, 'GET', KEYS)).status).toBe(200);
    const heard = vi.spyOn(edge.app.get(ApiKeyAuthenticator, { strict: false }), 'forget');
    const replaced = await start(databaseUrl, NEXT);
    expect((await ask(replaced, 'GET', KEYS, { key: NEXT })).status).toBe(200);
    expect((await ask(replaced, 'GET', KEYS)).status).toBe(401);
    await expect.poll(() => heard.mock.calls.length).toBeGreaterThan(0);
    expect((await ask(edge, 'GET', KEYS)).status).toBe(401);
    expect(await inForce()).toHaveLength(1);
    await start(databaseUrl);
    expect(await inForce()).toEqual([before]);
  });

  it('gets every scope again where it has lost one, such as one that an older build did not know', async () => {
    const databaseUrl = await newDatabase();
    await start(databaseUrl);
    await query(databaseUrl, `UPDATE api_keys SET scopes = '{send}'`);
    expect((await ask(await start(databaseUrl), 'GET', KEYS)).status).toBe(200);
  });

  it.each(['another client', 'the same client'])('is refused where a key of %s has the same secret', async (whose) => {
    const databaseUrl = await newDatabase();
    const edge = await start(databaseUrl);
    const [own] = (await ask<Listed>(edge, 'GET', KEYS)).body.items;
    const twin = await createKey(edge, 'twin', whose === 'the same client' ? own?.clientId : undefined);
    await expect(startEdge({ databaseUrl, adminApiKey: twin.secret })).rejects.toThrow('ADMIN_API_KEY');
    expect(await query(databaseUrl, 'SELECT scopes FROM api_keys WHERE id = $1', [twin.id])).toEqual([
      { scopes: ['admin'] },
    ]);
  });
});

describe('an ADMIN_API_KEY whose value comes back', () => {
  it('is in force again, and the audit log says so', async () => {
    const databaseUrl = await newDatabase();
    await start(databaseUrl);
    await start(databaseUrl, NEXT);
    const edge = await start(databaseUrl);
    const { body } = await ask<Listed>(edge, 'GET', KEYS);
    expect(body.items.filter(({ revokedAt }) => revokedAt === null)).toHaveLength(1);
    const id = body.items.find(({ revokedAt }) => revokedAt === null)?.id;
    const audit = await ask<{ items: object[] }>(edge, 'GET', `/v1/admin/audit?subjectType=api_key&subjectId=${id}`);
    expect(audit.body.items).toMatchObject([
      {
        action: 'api_key.reinstated',
        actor: 'system/start',
        before: { revokedAt: expect.any(String) },
        after: { name: 'ADMIN_API_KEY', revokedAt: null },
      },
      {
        action: 'api_key.revoked',
        actor: 'system/start',
        before: null,
        after: { name: 'ADMIN_API_KEY', revokedAt: expect.any(String) },
      },
      { action: 'api_key.created', actor: 'system/start', before: null, after: { revokedAt: null } },
    ]);
  });
});

describe('an ADMIN_API_KEY that a human revoked', () => {
  it('stays revoked at the next start, which says so and goes on', async () => {
    const databaseUrl = await newDatabase();
    const first = await start(databaseUrl);
    const operator = await createKey(first, 'operator');
    const { body } = await ask<Listed>(first, 'GET', KEYS);
    const id = body.items.find(({ name }) => name === 'ADMIN_API_KEY')?.id;
    expect((await ask(first, 'DELETE', `${KEYS}/${id}`, { key: operator.secret })).status).toBe(204);

    const again = await start(databaseUrl);
    expect((await ask(again, 'GET', KEYS)).status).toBe(401);
    expect((await ask(again, 'GET', KEYS, { key: operator.secret })).status).toBe(200);
    expect(again.log).toContainEqual(
      expect.objectContaining({ msg: expect.stringContaining('ADMIN_API_KEY was revoked through the API') }),
    );
    expect(JSON.stringify(again.log)).not.toContain(ADMIN_KEY);

    const other = await start(databaseUrl, NEXT);
    expect((await ask(other, 'GET', KEYS, { key: NEXT })).status).toBe(200);
    await start(databaseUrl);
    expect((await ask(other, 'GET', KEYS, { key: NEXT })).status).toBe(200);
  });

  it('stays revoked also where a start had once replaced it', async () => {
    const databaseUrl = await newDatabase();
    await start(databaseUrl);
    await start(databaseUrl, NEXT);
    const edge = await start(databaseUrl);
    const operator = await createKey(edge, 'operator');
    await revokeAdminKey(edge, operator.secret);
    expect((await ask(await start(databaseUrl), 'GET', KEYS)).status).toBe(401);
  });
});

describe('a client named system', () => {
  it.each(['system', 'System', 'SYSTEM '])('cannot be made: %s', async (name) => {
    const edge = await start(await newDatabase());
    const { id, clientId } = await createKey(edge, 'operator');
    const refused = await ask(edge, 'POST', KEYS, { body: { name, scopes: ['admin'] } });
    expect([refused.status, refused.body['errors']]).toEqual([
      400,
      [{ pointer: '/name', detail: 'must not be system, which is what the service itself acts as' }],
    ]);
    const { body } = await ask<Listed>(edge, 'GET', KEYS);
    expect(body.items.map((key) => key.id)).toContain(id);
    expect(body.items).toHaveLength(2);
    // The name of a key alone cannot be taken for the service's.
    await createKey(edge, name, clientId);
  });

  it.each(['system', 'System'])('does not act as the service where an older build made it: %s', async (name) => {
    const databaseUrl = await newDatabase();
    const edge = await start(databaseUrl);
    const key = await keyOfOldClient(databaseUrl, edge, name);
    await revokeAdminKey(edge, key.secret);
    const { body } = await ask<{ items: { actor: string }[] }>(edge, 'GET', '/v1/admin/audit?limit=1', {
      key: key.secret,
    });
    expect(body.items[0]?.actor).toBe(`${name}/start#${key.id}`);
    const again = await start(databaseUrl);
    expect((await ask(again, 'GET', KEYS)).status).toBe(401);
  });

  it('keeps the admin key revoked that it revoked under the name of the service', async () => {
    const databaseUrl = await newDatabase();
    const edge = await start(databaseUrl);
    const key = await keyOfOldClient(databaseUrl, edge, 'system');
    await revokeAdminKey(edge, key.secret);
    // As an older build wrote it.
    await query(databaseUrl, `UPDATE audit_log SET actor = 'system/start' WHERE action = 'api_key.revoked'`);
    const again = await start(databaseUrl);
    expect((await ask(again, 'GET', KEYS)).status).toBe(401);
  });
});

describe('two keys of one client and name', () => {
  it('are told apart in the audit log while both are in force', async () => {
    const edge = await start(await newDatabase());
    const made = await createKey(edge, 'deploy');
    let acts = 0;
    const act = async (secret: string) => {
      acts += 1;
      const { id } = await createKey(edge, `key ${acts}`);
      await ask(edge, 'DELETE', `${KEYS}/${id}`, { key: secret });
      const { body } = await ask<{ items: { actor: string }[] }>(
        edge,
        'GET',
        `/v1/admin/audit?subjectId=${id}&limit=1`,
      );
      return body.items[0]?.actor;
    };
    const other = await createKey(edge, 'other');
    await createKey(edge, 'deploy', other.clientId);
    expect(await act(made.secret)).toBe('deploy/deploy');
    const twin = await createKey(edge, 'deploy', made.clientId);
    expect(await act(made.secret)).toBe(`deploy/deploy#${made.id}`);
    expect(await act(twin.secret)).toBe(`deploy/deploy#${twin.id}`);
    await ask(edge, 'DELETE', `${KEYS}/${twin.id}`);
    expect(await act(made.secret)).toBe('deploy/deploy');
  });
});
