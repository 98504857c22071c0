import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MIGRATIONS } from '../migrations/migrations.js';
import { migrate } from '../src/database/migrate.js';
import { circuitId, paceId } from '../src/incidents/circuit.scope.js';
import { describeStartFailure } from '../src/start-failure.js';
import { createTestDatabase } from './support/postgres.js';
import { startTransaction } from './support/transactions.js';
import { eventually } from './support/eventually.js';

async function emptyDatabase() {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const client = new Client({ connectionString: database.url });
  await client.connect();
  onTestFinished(() => client.end());
  return { url: database.url, client };
}

/** A database in which this migration and those after it have not run yet. */
async function migratedTo(next: string) {
  const { url, client } = await emptyDatabase();
  await migrate(url);
  while ((await client.query('SELECT 1 FROM migrations WHERE name = $1', [next])).rowCount) await migrate(url, 'down');
  return { url, client };
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

const PROGRAM = fileURLToPath(new URL('../dist/src/database/migrate.main.js', import.meta.url));

/** Runs the program as a migration job would: in production, and with no other variable than these. */
async function runProgram(variables: Record<string, string>, ...args: string[]) {
  const env = { NODE_ENV: 'production', ...variables };
  const child = spawn(process.execPath, [PROGRAM, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const [exitCode] = await once(child, 'exit');
  const [stdout, stderr] = await said;
  return { exitCode, stdout, stderr };
}

describe('the migration program', () => {
  it('needs the address of the database and nothing else, up and down', async () => {
    const { url } = await emptyDatabase();
    expect(await runProgram({ DATABASE_URL: url })).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^Ran /),
      stderr: '',
    });
    expect(await runProgram({ DATABASE_URL: url }, 'down')).toMatchObject({ exitCode: 0, stderr: '' });
    const last = MIGRATIONS.at(-1)?.name;
    expect((await runProgram({ DATABASE_URL: url })).stdout).toBe(`Ran ${last}.\n`);
  });

  it.each([[['dwn']], [['--hepl']], [['down', 'down']], [['up', 'now']]])(
    'does nothing where it is told what it does not understand: %j',
    async (words) => {
      const { url, client } = await emptyDatabase();
      const { exitCode, stdout, stderr } = await runProgram({ DATABASE_URL: url }, ...words);
      expect([exitCode, stdout, stderr]).toEqual([1, '', expect.stringContaining('npm run migrate -- down')]);
      expect(await schemaOf(client)).toEqual([]);
    },
  );

  it.each(['--help', '-h'])('explains itself with %s, also without a database', async (word) => {
    expect(await runProgram({}, word)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('npm run migrate -- down'),
      stderr: '',
    });
  });

  it('migrates over DATABASE_LISTEN_URL where there is one', async () => {
    const { url } = await emptyDatabase();
    const variables = { DATABASE_URL: 'postgres://127.0.0.1:1/nobody', DATABASE_LISTEN_URL: url };
    expect(await runProgram(variables)).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it.each([
    ['no address', {}, 'the database to migrate'],
    ['another database', { DATABASE_URL: 'mysql://user:secret@host/db' }, 'a postgres:// address'],
  ])('says what it needs instead of %s', async (_, variables, expected) => {
    const { exitCode, stderr } = await runProgram(variables);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`DATABASE_URL: expected ${expected}`);
    expect(stderr).not.toContain('secret');
  });

  it('says so where nobody answers at that address', async () => {
    const { exitCode, stderr } = await runProgram({ DATABASE_URL: 'postgres://127.0.0.1:1/nobody' });
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('The database of DATABASE_URL does not answer')]);
  });
});

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

  it('keep nobody waiting behind a table that a backup holds, and are repeated until it is free', async () => {
    const { url, client } = await migratedTo('Growth1763800400000');
    const backup = await startTransaction(url);
    await backup.query('LOCK TABLE outbox IN ACCESS SHARE MODE');
    const waits = Promise.withResolvers<string>();
    const migrating = migrate(url, 'up', { say: waits.resolve, lockMs: 50, againAfterMs: 50 });
    expect(await Promise.race([waits.promise, migrating])).toMatch(/^A migration waits: another session/);
    await client.query('SELECT * FROM outbox');
    await backup.query('ROLLBACK');
    const names = MIGRATIONS.map(({ name }) => name);
    expect(await migrating).toEqual(names.slice(names.indexOf('Growth1763800400000')));
  });

  it('give up after a while, and say what has to end first', async () => {
    const { url } = await migratedTo('LeanDispatch1763800500000');
    const backup = await startTransaction(url);
    await backup.query('LOCK TABLE outbox IN ACCESS SHARE MODE');
    const migrating = migrate(url, 'up', { lockMs: 50, againAfterMs: 50, patienceMs: 200 });
    const failure = await migrating.catch((error: unknown) => describeStartFailure(error));
    expect(failure).toMatch(/^A migration could not have its table.*\(55P03\)$/);
  });

  /** A report reads the table of which an index is to be built beside running replicas. */
  async function withIndexThatWaits() {
    const { url, client } = await migratedTo('Expiring1763801300000');
    const report = await startTransaction(url);
    await report.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    await report.query('SELECT * FROM outbox');
    const building = async () => {
      const { rows } = await client.query<{ pid: number; ms: number }>(
        `SELECT pid, extract(epoch FROM clock_timestamp() - query_start)::float8 * 1000 AS ms FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INDEX CONCURRENTLY%'`,
      );
      return rows[0];
    };
    return { url, client, report, building };
  }

  it('let an index that is built beside running replicas wait as long as it has to, whatever limits there are', async () => {
    const { url, client, report, building } = await withIndexThatWaits();
    const options = encodeURIComponent('-c statement_timeout=200 -c lock_timeout=200');
    const said: string[] = [];
    const say = (sentence: string) => void said.push(sentence);
    const migrating = migrate(`${url}?options=${options}`, 'up', { say, lockMs: 50 });
    const waits = async () => ((await building())?.ms ?? 0) > 500;
    await Promise.race([eventually(waits, Boolean, 20_000), migrating]);
    await report.query('ROLLBACK');
    await migrating;
    expect(said).toEqual([]);
    const { rows } = await client.query(
      `SELECT indisvalid FROM pg_index WHERE indexrelid = 'outbox_expiring'::regclass`,
    );
    expect(rows).toEqual([{ indisvalid: true }]);
  });

  it('say so where a statement of theirs is cut off', async () => {
    const { url, client, building } = await withIndexThatWaits();
    const failure = migrate(url).catch((error: unknown) => describeStartFailure(error));
    await expect.poll(building, { timeout: 20_000 }).toBeDefined();
    await client.query('SELECT pg_cancel_backend($1)', [(await building())?.pid]);
    expect(await failure).toMatch(/^The database broke off a statement.*statement_timeout.*\(57014\)$/);
  });

  it('say so where the database goes away in the middle', async () => {
    const { url, client, building } = await withIndexThatWaits();
    const failure = migrate(url).catch((error: unknown) => describeStartFailure(error));
    await expect.poll(building, { timeout: 20_000 }).toBeDefined();
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'postrider'`,
    );
    expect(await failure).toMatch(/^terminating connection due to administrator command|^The database of DATABASE_URL/);
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

  it('give circuits and paces the ids that the service derives, wherever they are named', async () => {
    const { url, client } = await migratedTo('CircuitIds1763800800000');
    // As they were before: UUIDv5 of the scope.
    const [circuit, pace] = ['25d41ed7-d875-5287-b20a-fa12412685a1', 'bbf7ea0e-ce22-5f20-bbf5-e9abae57ec78'];
    await client.query(`
      INSERT INTO circuits (id, scope, state) VALUES ('${circuit}', 'resource:sms', 'closed');
      INSERT INTO sender_paces (sender, hold_id, per_second, tokens, refilled_at)
        VALUES ('+15005550006', '${pace}', 1, 1, now());
      INSERT INTO outbox (delivery_id, notification_id, channel, sender, priority, due_at, stage, held_by, released_by)
        VALUES (gen_random_uuid(), gen_random_uuid(), 'sms', '+15005550006', 0, now(), 'send', '${circuit}', NULL),
               (gen_random_uuid(), gen_random_uuid(), 'sms', '+15005550006', 1, now(), 'send', NULL, '${pace}');
      INSERT INTO alerts (id, cause, kind, subject_id, severity, summary, advice, ends, opened_at, last_seen_at, updated_at)
        VALUES (gen_random_uuid(), 'incident:${circuit}', 'incident', '${circuit}', 'critical', '', '', 'when_quiet', now(), now(), now());
      INSERT INTO audit_log (id, actor, action, subject_type, subject_id)
        VALUES (gen_random_uuid(), 'key:x', 'circuit.open', 'circuit', '${circuit}');
    `);
    await migrate(url);
    const { rows } = await client.query(`
      SELECT (SELECT id FROM circuits) AS circuit, (SELECT hold_id FROM sender_paces) AS pace,
        (SELECT held_by FROM outbox WHERE held_by IS NOT NULL) AS held_by,
        (SELECT released_by FROM outbox WHERE released_by IS NOT NULL) AS released_by,
        (SELECT subject_id FROM audit_log) AS audited,
        (SELECT subject_id || ' ' || cause FROM alerts) AS alert`);
    const ids = { circuit: circuitId('resource:sms'), pace: paceId('+15005550006') };
    expect(rows).toEqual([
      {
        ...ids,
        held_by: ids.circuit,
        released_by: ids.pace,
        audited: ids.circuit,
        alert: `${ids.circuit} incident:${ids.circuit}`,
      },
    ]);
  });

  it('take test alerts away where the version before knows none', async () => {
    const { url, client } = await emptyDatabase();
    await migrate(url);
    await client.query(`
      INSERT INTO alerts (id, cause, kind, severity, summary, advice, ends, opened_at, last_seen_at, updated_at)
      SELECT gen_random_uuid(), kind, kind, 'critical', '', '', 'when_quiet', now(), now(), now()
      FROM unnest(ARRAY['test', 'backlog']) AS kind`);
    while ((await client.query(`SELECT 1 FROM migrations WHERE name = 'TestAlerts1763801500000'`)).rowCount) {
      await migrate(url, 'down');
    }
    expect((await client.query('SELECT kind FROM alerts')).rows).toEqual([{ kind: 'backlog' }]);
  });

  it('keep how far each look for receipts has come, on every channel and back', async () => {
    const { url, client } = await migratedTo('ReceiptsByChannel1763801700000');
    const id = (n: number) => `00000000-0000-0000-0000-00000000000${n}`;
    const reached = async () =>
      (await client.query('SELECT DISTINCT number, looked_to FROM receipt_looks ORDER BY 1')).rows;
    for (const number of [1, 2, 3]) {
      await client.query('UPDATE receipt_looks SET looked_to = $2 WHERE number = $1', [number, id(number)]);
    }
    const before = await reached();
    await migrate(url);
    expect(await reached()).toEqual(before);
    expect((await client.query('SELECT count(*)::int AS count FROM receipt_looks')).rows).toEqual([{ count: 9 }]);
    await client.query(`UPDATE receipt_looks SET looked_to = '${id(9)}' WHERE channel <> 'voice'`);
    while ((await client.query(`SELECT 1 FROM migrations WHERE name = 'ReceiptsByChannel1763801700000'`)).rowCount) {
      await migrate(url, 'down');
    }
    expect(await reached()).toEqual(before);
    expect((await client.query('SELECT count(*)::int AS count FROM receipt_looks')).rows).toEqual([{ count: 3 }]);
  });

  it('take away what further Alertmanagers were told where the version before knows one', async () => {
    const { url, client } = await emptyDatabase();
    await migrate(url);
    await client.query(`
      INSERT INTO alerts (id, cause, kind, severity, summary, advice, ends, opened_at, last_seen_at, updated_at)
        VALUES (gen_random_uuid(), 'backlog', 'backlog', 'critical', '', '', 'when_quiet', now(), now(), now());
      INSERT INTO alert_deliveries (alert_id, sink)
        SELECT id, sink FROM alerts, unnest(ARRAY['alertmanager', 'alertmanager_2', 'alertmanager_5']) AS sink`);
    while ((await client.query(`SELECT 1 FROM migrations WHERE name = 'AlertmanagerClusters1763801600000'`)).rowCount) {
      await migrate(url, 'down');
    }
    expect((await client.query('SELECT sink FROM alert_deliveries')).rows).toEqual([{ sink: 'alertmanager' }]);
  });
});
