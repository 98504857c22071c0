import { Client } from 'pg';

/**
 * Moves a test database's clock forward by `ms` from where it stands (backward when negative). Everything the service
 * compares with the time, due work, leases, expiry, probes, follows at once; what it remembers of the time itself, a
 * moment later. Whoever slept until the next due work is woken, as an announcement would do it: a test need not wait for
 * the next poll.
 */
export async function moveClock(databaseUrl: string, ms: number): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ offset: number }>(
      'SELECT extract(epoch FROM service_now() - now())::float8 * 1000 AS "offset"',
    );
    const offset = Math.round((rows[0]?.offset ?? 0) + ms);
    await client.query(`
      CREATE OR REPLACE FUNCTION service_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
        SELECT now() + interval '${offset} milliseconds'
      $$;
      NOTIFY postrider_due`);
  } finally {
    await client.end();
  }
}
