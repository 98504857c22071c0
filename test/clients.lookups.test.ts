import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeyAuthenticator } from '../src/clients/api-key.authenticator.js';
import { OverloadedError } from '../src/database/overloaded.error.js';
import { Database } from '../src/database/database.js';
import { type Edge, ask, problem, startEdge } from './support/http-edge.app.js';
import { type TestDatabase, createMigratedDatabase } from './support/postgres.js';
import { startTransaction, untilSomebodyWaits } from './support/transactions.js';

let database: TestDatabase;
let edge: Edge;

beforeAll(async () => {
  database = await createMigratedDatabase();
  edge = await startEdge({ databaseUrl: database.url });
});

afterAll(async () => {
  await edge?.app.close();
  await database?.drop();
});

function connections() {
  const { total, idle, waiting } = edge.app.get(Database, { strict: false }).poolUse();
  return { inUse: total - idle, waiting };
}

/** Nothing can be read of the keys until the transaction ends. */
async function stall() {
  // The last use of a key is noted in the background.
  await expect.poll(connections).toEqual({ inUse: 0, waiting: 0 });
  const transaction = await startTransaction(database.url);
  await transaction.query('LOCK TABLE api_keys');
  return transaction;
}

const secrets = (count: number, what: string) => Array.from({ length: count }, (_, index) => `${what} ${index}`);

async function createKey(name: string): Promise<string> {
  const body = { name, scopes: ['admin'] };
  return (await ask<{ secret: string }>(edge, 'POST', '/v1/admin/api-keys', { body })).body.secret;
}

describe('secrets that are not cached', () => {
  it('are looked up together: a thousand hold one connection, and each gets its own answer', async () => {
    const known = [await createKey('one'), await createKey('two')];
    const authenticator = edge.app.get(ApiKeyAuthenticator, { strict: false });
    authenticator.forget();
    const transaction = await stall();
    const callers = [...secrets(500, 'unknown'), ...known, ...secrets(500, 'also unknown')].map(async (secret) =>
      authenticator.authenticate(secret),
    );
    await untilSomebodyWaits(database.url);
    expect(connections()).toEqual({ inUse: 1, waiting: 0 });
    await transaction.query('ROLLBACK');
    const names = (await Promise.all(callers)).map((caller) => caller?.name ?? null);
    expect(names).toEqual([...Array(500).fill(null), 'one/one', 'two/two', ...Array(500).fill(null)]);
  });

  it('are refused with a 503 when more of them wait than can be looked up soon', async () => {
    const authenticator = edge.app.get(ApiKeyAuthenticator, { strict: false });
    const transaction = await stall();
    const first = authenticator.authenticate('the first');
    await untilSomebodyWaits(database.url);
    const many = secrets(10_000, 'one of many').map(async (secret) => authenticator.authenticate(secret));
    await expect(authenticator.authenticate('one too many')).rejects.toThrow(OverloadedError);
    const refused = await ask(edge, 'GET', '/v1/admin/api-keys', { key: 'one too many for HTTP' });
    expect(refused).toMatchObject(problem(503, 'overloaded'));
    expect(refused.headers.get('retry-after')).toBe('1');
    await transaction.query('ROLLBACK');
    expect(new Set(await Promise.all([first, ...many]))).toEqual(new Set([null]));
  });
});

describe('a key that is revoked while it is looked up', () => {
  it('is not cached', async () => {
    const authenticator = edge.app.get(ApiKeyAuthenticator, { strict: false });
    const secret = await createKey('revoked meanwhile');
    authenticator.forget();
    const transaction = await stall();
    const asked = authenticator.authenticate(secret);
    await untilSomebodyWaits(database.url);
    // As for a revocation that this process hears of before the answer, which may be older than the revocation.
    authenticator.forget();
    await transaction.query('ROLLBACK');
    expect(await asked).toMatchObject({ name: 'revoked meanwhile/revoked meanwhile' });
    const askedAgain = authenticator.authenticate(secret);
    expect(askedAgain).toBeInstanceOf(Promise);
    await askedAgain;
  });

  it('is asked for again for who comes after the revocation, also while the answer from before it is awaited', async () => {
    const authenticator = edge.app.get(ApiKeyAuthenticator, { strict: false });
    const secret = await createKey('revoked before');
    authenticator.forget();
    const transaction = await stall();
    const before = authenticator.authenticate(secret);
    await untilSomebodyWaits(database.url);
    expect(authenticator.authenticate(secret)).toBe(before);
    authenticator.forget();
    const after = authenticator.authenticate(secret);
    expect(after).not.toBe(before);
    await transaction.query('ROLLBACK');
    await Promise.all([before, after]);
  });
});
