import { Client } from 'pg';
import { expect, onTestFinished } from 'vitest';

/** Another process's connection, in a transaction. */
export async function startTransaction(databaseUrl: string): Promise<Client> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query('BEGIN');
  return client;
}

/** Resolves when `count` statements wait for what somebody else holds. */
export async function untilSomebodyWaits(databaseUrl: string, count = 1): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const waiting = async () => {
      const { rows } = await client.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return rows[0]?.n;
    };
    await expect.poll(waiting).toBe(count);
  } finally {
    await client.end();
  }
}
