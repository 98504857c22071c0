import { describe, expect, it, onTestFinished } from 'vitest';
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
  readonly items: readonly { readonly id: string; readonly name: string; readonly revokedAt: string | null }[];
}

async function createKey(edge: Edge, name: string, clientId?: string) {
  const body = { name, scopes: ['admin'], ...(clientId && { clientId }) };
  const answer = await ask<{ id: string; clientId: string; secret: string }>(edge, 'POST', KEYS, { body });
  expect(answer.status).toBe(201);
  return answer.body;
}

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
        after: { name: 'ADMIN_API_KEY' },
      },
      { action: 'api_key.revoked', actor: 'system/start' },
      { action: 'api_key.created', actor: 'system/start', before: null },
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
    expect(await act(made.secret)).toBe('deploy/deploy');
    const twin = await createKey(edge, 'deploy', made.clientId);
    expect(await act(made.secret)).toBe(`deploy/deploy#${made.id}`);
    expect(await act(twin.secret)).toBe(`deploy/deploy#${twin.id}`);
    await ask(edge, 'DELETE', `${KEYS}/${twin.id}`);
    expect(await act(made.secret)).toBe('deploy/deploy');
  });
});
