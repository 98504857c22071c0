import type { Client } from 'pg';
import type { TableMeasure } from './measured.js';

/** Where the write-ahead log has come to, in bytes. */
export async function walPosition(database: Client): Promise<number> {
  const { rows } = await database.query<{ bytes: number }>(`SELECT (pg_current_wal_lsn() - '0/0')::float8 AS bytes`);
  return rows[0]?.bytes ?? 0;
}

/** Tables with rows that belong to a notification, whichever the schema has by now. */
export async function tablesOfHistory(database: Client): Promise<string[]> {
  const { rows } = await database.query<{ name: string }>(`
    SELECT c.table_name AS name FROM information_schema.columns c
    JOIN information_schema.tables t ON t.table_name = c.table_name AND t.table_schema = c.table_schema
    WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
      AND (c.column_name = 'notification_id' OR (c.table_name = 'notifications' AND c.column_name = 'id'))
    ORDER BY array_position(ARRAY['notifications', 'deliveries', 'attempts', 'callbacks'], c.table_name::text), name`);
  return rows.map(({ name }) => name);
}

/** What tables hold once vacuum has been there, for each of so many notifications. */
export async function sizesOf(
  database: Client,
  tables: readonly string[],
  notifications: number,
): Promise<Record<string, TableMeasure>> {
  const sizes: Record<string, TableMeasure> = {};
  for (const table of tables) {
    await database.query(`VACUUM (ANALYZE) ${table}`);
    const { rows } = await database.query<{ rows: number; heap: number; indexes: number }>(`
      SELECT (SELECT count(*) FROM ${table})::float8 AS rows,
        (pg_table_size('${table}') - pg_relation_size('${table}', 'fsm') - pg_relation_size('${table}', 'vm'))::float8 AS heap,
        pg_indexes_size('${table}')::float8 AS indexes`);
    const [size] = rows;
    if (!size) throw new Error(`There is no table ${table}`);
    sizes[table] = {
      rows: round(size.rows / notifications, 2),
      heapBytes: Math.round(size.heap / notifications),
      indexBytes: Math.round(size.indexes / notifications),
    };
  }
  return sizes;
}

/** Makes a history in bulk as spread as a real one: recipients and keys in no order, and callbacks to every attempt. */
export async function spreadHistory(database: Client): Promise<void> {
  await database.query(`
    UPDATE notifications SET idempotency_key = gen_random_uuid(),
      recipient = '+1555' || (1000000 + floor(random() * 9000000))::int`);
  await database.query(`
    INSERT INTO callbacks (id, attempt_id, notification_id, delivery_id, provider_sid, status, params, received_at)
    SELECT uuidv7(), a.id, a.notification_id, a.delivery_id, a.provider_sid, status, '{}', a.started_at
    FROM attempts a, unnest(ARRAY['sent', 'delivered']) AS status
    ON CONFLICT DO NOTHING`);
  await database.query('VACUUM ANALYZE');
}

/** Runs a statement of retention through all notifications, chunk by chunk: what it cost, of each that it answered. */
export async function retire(
  database: Client,
  statement: string,
  chunk: number,
): Promise<{ walBytes: number; chunkMs: number }> {
  const { rows } = await database.query<{ id: string }>('SELECT id FROM notifications ORDER BY id');
  const before = await walPosition(database);
  const start = performance.now();
  let touched = 0;
  for (let first = 0; first < rows.length; first += chunk) {
    const ids = rows.slice(first, first + chunk).map(({ id }) => id);
    touched += (await database.query(statement, [ids, 0])).rowCount ?? 0;
  }
  const chunks = Math.ceil(rows.length / chunk);
  return {
    chunkMs: round((performance.now() - start) / chunks, 1),
    walBytes: Math.round(((await walPosition(database)) - before) / Math.max(1, touched)),
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
