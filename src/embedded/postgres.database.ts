import { Client } from 'pg';
import { type Passwords, SUPERUSER } from './postgres.cluster.js';
import { codeOf, EmbeddedPostgresError } from './postgres.error.js';

/** The role that Postrider uses, and the database that it owns. */
const POSTRIDER = 'postrider';

/** Source: PostgreSQL, appendix A. A missing role looks like a wrong password, a missing database has its own code. */
const MISSING = new Set<unknown>(['28P01', '28000', '3D000']);

/** A healthy server on this machine answers in milliseconds. */
const ANSWERS_WITHIN_MS = 3_000;

export function databaseUrl(port: number, passwords: Passwords): string {
  return `postgres://${POSTRIDER}:${passwords.postrider}@127.0.0.1:${port}/${POSTRIDER}`;
}

/** Whether the server on this port lets Postrider in. False if it is silent, a stranger's, starting or stopping. */
export async function answers(port: number, passwords: Passwords): Promise<boolean> {
  try {
    await query(databaseUrl(port, passwords), async () => {});
    return true;
  } catch {
    return false;
  }
}

/**
 * Creates the role and the database unless they exist.
 * @throws EmbeddedPostgresError if the server does not accept its own superuser's password
 */
export async function ensureDatabase(port: number, passwords: Passwords): Promise<void> {
  try {
    await query(databaseUrl(port, passwords), async () => {});
  } catch (error) {
    if (!MISSING.has(codeOf(error))) throw cannotConnect(error);
    await makeDatabase(port, passwords);
  }
}

async function makeDatabase(port: number, passwords: Passwords): Promise<void> {
  const url = `postgres://${SUPERUSER}:${passwords[SUPERUSER]}@127.0.0.1:${port}/postgres`;
  try {
    await query(url, async (client) => {
      const { rowCount: roles } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [POSTRIDER]);
      const password = client.escapeLiteral(passwords.postrider);
      const verb = roles === 0 ? 'CREATE' : 'ALTER';
      await client.query(`${verb} ROLE ${POSTRIDER} LOGIN CREATEDB PASSWORD ${password}`);
      const { rowCount: databases } = await client.query('SELECT FROM pg_database WHERE datname = $1', [POSTRIDER]);
      if (databases === 0) await client.query(`CREATE DATABASE ${POSTRIDER} OWNER ${POSTRIDER}`);
    });
  } catch (error) {
    throw cannotConnect(error);
  }
}

async function query(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: ANSWERS_WITHIN_MS });
  client.on('error', () => {});
  try {
    await client.connect();
    await work(client);
  } finally {
    await client.end();
  }
}

function cannotConnect(cause: unknown): EmbeddedPostgresError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EmbeddedPostgresError(
    {
      what: `The embedded PostgreSQL runs, but does not let Postrider in: ${reason}.`,
      advice: 'bring back the passwords.json that belongs to its data, or move the folder away to start empty.',
    },
    { cause },
  );
}
