import { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MIGRATIONS } from '../migrations/migrations.js';
import { migrate } from '../src/database/migrate.js';
import { createTestDatabase } from './support/postgres.js';

async function emptyDatabase() {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const client = new Client({ connectionString: database.url });
  await client.connect();
  onTestFinished(() => client.end());
  return { url: database.url, client };
}

/** Everything a schema consists of, but for TypeORM's own table of migrations. */
async function schemaOf(client: Client): Promise<unknown[]> {
  const { rows } = await client.query(`
    SELECT c.relkind, c.relname, a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'migrations%' AND c.relname NOT LIKE 'PK_%'
    UNION ALL SELECT 'f', proname, NULL, pg_get_function_result(oid), NULL FROM pg_proc
      WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'c', conname, pg_get_constraintdef(oid), NULL, NULL FROM pg_constraint
      WHERE connamespace = 'public'::regnamespace AND conname NOT LIKE 'PK_%' AND conname NOT LIKE 'migrations%'
    ORDER BY 1, 2, 3`);
  return rows;
}

describe('migrations', () => {
  it('lead all the way up, all the way down, and up to the same schema again', async () => {
    const { url, client } = await emptyDatabase();
    expect(await migrate(url)).toHaveLength(MIGRATIONS.length);
    expect(await migrate(url)).toEqual([]);
    const schema = await schemaOf(client);
    for (const _ of MIGRATIONS) await migrate(url, 'down');
    expect(await schemaOf(client)).toEqual([]);
    await migrate(url);
    expect(await schemaOf(client)).toEqual(schema);
  });

  it('run once when replicas start together', async () => {
    const { url, client } = await emptyDatabase();
    const ran = await Promise.all([migrate(url), migrate(url), migrate(url)]);
    expect(ran.flat()).toHaveLength(MIGRATIONS.length);
    const { rows } = await client.query('SELECT name FROM migrations ORDER BY id');
    expect(rows).toHaveLength(MIGRATIONS.length);
  });

  it('let the database refuse a status that does not exist', async () => {
    const { url, client } = await emptyDatabase();
    await migrate(url);
    const insert = client.query(
      `INSERT INTO deliveries (id, notification_id, number, channel, status, sender)
       VALUES (gen_random_uuid(), gen_random_uuid(), 1, 'sms', 'lost', '+15005550006')`,
    );
    await expect(insert).rejects.toThrow('deliveries_status_check');
  });
});
