import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';

export interface TestDatabase {
  readonly url: string;
  /** Ends all sessions on it and removes it. */
  drop(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** A database of the same server to copy, for example one that is migrated already. Nobody may be connected to it. */
  readonly template?: string;
}

/** A new database of its own for a test file or a test, on the run's real PostgreSQL. Default: empty. */
export async function createTestDatabase({ template = 'template0' }: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const url = new URL(inject('postgresUrl'));
  await administer((client) => `CREATE DATABASE ${name} TEMPLATE ${client.escapeIdentifier(template)}`);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => await dropDatabase(name),
  };
}

/** An autovacuum worker that is just in the database may not be ended by this role: it is gone a moment later. */
async function dropDatabase(name: string, tries = 20): Promise<void> {
  try {
    await administer(() => `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  } catch (error) {
    if (tries === 0) throw error;
    await new Promise((resolve) => setTimeout(resolve, 100));
    await dropDatabase(name, tries - 1);
  }
}

async function administer(statement: (client: Client) => string): Promise<void> {
  const client = new Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  try {
    await client.query(statement(client));
  } finally {
    await client.end();
  }
}
