import { Client, Pool } from 'pg';
import { pino } from 'pino';
import { DataSource, type EntityManager } from 'typeorm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { dataSourceOptions } from '../src/database/data-source.js';
import { Database } from '../src/database/database.js';
import { migrate } from '../src/database/migrate.js';
import { Snapshots } from '../src/database/snapshots.js';
import { watchPool } from '../src/database/watched-pool.js';
import { CircuitStore } from '../src/incidents/circuit.store.js';
import { Notification } from '../src/notifications/notification.entity.js';
import { isPassingDatabaseFailure } from '../src/problems/database-failure.js';
import { startService } from '../src/service.js';
import { startDatabaseProxy } from './support/database.proxy.js';
import { freePort } from './support/free-port.js';
import { createTestDatabase } from './support/postgres.js';
import { ADMIN_KEY, ApiClient, startTestService, type ServiceUnderTest } from './support/service.js';
import { handsOn } from './support/operator.js';
import { partOf } from './support/part-of.js';

const BACKEND = { name: 'backend', text: 'SELECT pg_backend_pid() AS pid' };

async function databaseOf({ configuration }: ServiceUnderTest): Promise<Database> {
  const source = new DataSource(dataSourceOptions(configuration.databaseUrl, { poolMax: 2 }));
  await source.initialize();
  const database = new Database(source, configuration);
  onTestFinished(async () => {
    await database.onApplicationShutdown();
    await source.destroy();
  });
  return database;
}

describe('a connection that the server ends while a transaction holds it', () => {
  it('fails the transaction and nothing else', async () => {
    const service = await startTestService();
    const database = await databaseOf(service);
    const broken = database.transaction(async (transaction) => {
      const [backend] = await transaction.run<{ pid: number }>(BACKEND);
      await service.database.query('SELECT pg_terminate_backend($1, 5000)', [backend?.pid]);
      await transaction.run(BACKEND);
    });
    await expect(broken).rejects.toThrow(/terminating connection|not queryable|Connection terminated/);
    await expect(database.transaction((transaction) => transaction.run(BACKEND))).resolves.toHaveLength(1);
  });

  it.each([
    ['a query', (snapshot: EntityManager) => snapshot.query(BACKEND.text)],
    ['a search', (snapshot: EntityManager) => snapshot.find(Notification)],
  ])('fails a read that goes on with %s as a database that is away', async (_, goOn) => {
    const { service, database } = await startTestService({ ROLE: 'api' });
    const reading = service.app.get(Snapshots).read(async (snapshot) => {
      const [backend] = await snapshot.query<{ pid: number }[]>(BACKEND.text);
      await database.query('SELECT pg_terminate_backend($1, 5000)', [backend?.pid]);
      await expect.poll(() => snapshot.queryRunner?.isReleased).toBe(true);
      await goOn(snapshot);
    });
    await expect(reading).rejects.toSatisfy(isPassingDatabaseFailure);
  });
});

it('shows whoever reads several tables all of them as of one moment', async () => {
  const { service, database } = await startTestService({ ROLE: 'api' });
  await service.app.get(Snapshots).read(async (snapshot) => {
    const clients = () => snapshot.query<unknown[]>('SELECT id FROM clients ORDER BY id');
    const before = await clients();
    await database.query(`INSERT INTO clients (id, name) VALUES (new_uuid_v7(), 'Somebody')`);
    expect(await clients()).toEqual(before);
  });
});

it('lets nobody write into a transaction that a shutdown cuts short, and think that it is written', async () => {
  const { configuration } = await startTestService({ ROLE: 'api' });
  const source = await new DataSource(dataSourceOptions(configuration.databaseUrl, { poolMax: 1 })).initialize();
  const pools = new Database(source, configuration);
  onTestFinished(() => pools.onApplicationShutdown());
  const { promise: reads, resolve: hasRead } = Promise.withResolvers<void>();
  const { promise: closed, resolve: hasClosed } = Promise.withResolvers<void>();
  const reading = new Snapshots(source).read(async (snapshot) => {
    await snapshot.query(BACKEND.text);
    hasRead();
    await closed;
  });
  const cutShort = reading.catch((error: unknown) => error);
  await reads;
  const text = 'INSERT INTO body_retention_later (notification_id) VALUES (gen_random_uuid())';
  const refused = pools.run({ name: 'late', text }).catch((error: unknown) => error);
  await source.destroy();
  hasClosed();
  expect(await cutShort).toBeInstanceOf(Error);
  expect(await refused).toMatchObject({ message: expect.stringContaining('timeout') });
});

it('lets nobody write into a transaction whose BEGIN is on its way when its connection is given back', async () => {
  const { configuration, database } = await startTestService({ ROLE: 'api' });
  const pool = new Pool({ connectionString: configuration.databaseUrl, max: 1 });
  onTestFinished(() => pool.end());
  watchPool(pool, 5000);
  const client = await pool.connect();
  const begun = client.query('BEGIN').catch((error: unknown) => error);
  const written = pool.query('INSERT INTO body_retention_later (notification_id) VALUES (gen_random_uuid())');
  client.release();
  await written;
  expect((await database.query('SELECT FROM body_retention_later')).rowCount).toBe(1);
  expect(await begun).toBeInstanceOf(Error);
});

/** Lets nothing else happen in this process, as a host that swaps does. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('a process that stands still within a transaction', () => {
  it('keeps the other replicas from changing circuits for DATABASE_TIMEOUT_MS at most', async () => {
    const other = await startTestService({ ROLE: 'api' });
    const { configuration, api } = other;
    const { operator } = handsOn(other);
    const proxy = await startDatabaseProxy(other.databaseUrl);
    const env = { ...configuration.env, PORT: await freePort(), DATABASE_TIMEOUT_MS: 1000, TWILIO_TIMEOUT_MS: 1000 };
    const still = await startService({ ...configuration, databaseUrl: proxy.url, env }, pino({ level: 'silent' }));
    onTestFinished(() => still.close());
    const locked = Promise.withResolvers<void>();
    const { promise: opened, resolve: goOn } = Promise.withResolvers<void>();
    const changing = partOf(still, CircuitStore).exclusively(() => {
      locked.resolve();
      return opened;
    });
    const failure = changing.catch((error: unknown) => error);
    await locked.promise;
    proxy.freeze();

    const { id } = await operator.circuit('resource:sms');
    expect(await api.post(`/v1/admin/circuits/${id}/open`)).toMatchObject({ status: 200, body: { state: 'open' } });
    goOn();
    expect(await failure).toSatisfy(isPassingDatabaseFailure);
  });

  it('is told to come again when it goes on', async () => {
    const { service } = await startTestService({ ROLE: 'api', DATABASE_TIMEOUT_MS: '500' });
    const standing = service.app.get(Database).transaction(async (transaction) => {
      await transaction.run(BACKEND);
      standStill(2000);
      await transaction.run(BACKEND);
    });
    await expect(standing).rejects.toSatisfy(
      (error) => isPassingDatabaseFailure(error) && /idle-in-transaction/.test(String(error)),
    );
  });
});

it('lets the server compile no statement, whichever pool it comes by', async () => {
  const { service } = await startTestService();
  const pools = service.app.get(Database);
  const show = { name: 'show-jit', text: 'SHOW jit' };
  expect([await pools.run(show), await pools.run({ ...show, plan: 'once' })]).toEqual([
    [{ jit: 'off' }],
    [{ jit: 'off' }],
  ]);
});

it("keeps the service's settings beside those of the address, in whose schema everything happens", async () => {
  const { configuration } = await startTestService({ ROLE: 'api' });
  const empty = await createTestDatabase();
  onTestFinished(() => empty.drop());
  const admin = new Client({ connectionString: empty.url });
  await admin.connect();
  onTestFinished(() => admin.end());
  await admin.query('CREATE SCHEMA ours');
  const options = encodeURIComponent('-csearch_path=ours,public -c enable_seqscan=on -c statement_timeout=54321');
  const databaseUrl = `${empty.url}?options=${options}&fallback_application_name=other`;

  await migrate(databaseUrl);
  const env = { ...configuration.env, PORT: await freePort() };
  const service = await startService({ ...configuration, databaseUrl, env }, pino({ level: 'silent' }));
  onTestFinished(() => service.close());
  const api = new ApiClient(`http://127.0.0.1:${env.PORT}`, ADMIN_KEY);
  await api.send({ to: '+15551234567', channels: ['sms'], body: 'hello' });
  expect((await admin.query('SELECT * FROM ours.notifications')).rowCount).toBe(1);

  const pools = service.app.get(Database);
  const show = async (setting: string, plan?: 'once') => {
    const text = `SELECT current_setting('${setting}') AS value`;
    return (await pools.run<{ value: string }>({ name: `show-${setting}`, text, ...(plan && { plan }) }))[0]?.value;
  };
  for (const plan of [undefined, 'once'] as const) {
    expect(await show('search_path', plan)).toBe('ours,public');
    expect(await show('statement_timeout', plan)).toBe('54321ms');
    expect(await show('enable_seqscan', plan)).toBe('off');
    expect(await show('client_connection_check_interval', plan)).toBe('1s');
    expect(await show('idle_in_transaction_session_timeout', plan)).toBe('20s');
    expect(await show('tcp_keepalives_idle', plan)).toBe('30');
    expect(await show('tcp_keepalives_interval', plan)).toBe('10');
    expect(await show('tcp_keepalives_count', plan)).toBe('3');
  }
  expect(await show('plan_cache_mode', 'once')).toBe('force_generic_plan');
});

describe('a statement that is given up', () => {
  it('ends on the server too, whichever pool it came by, and nobody cuts one that is waited for', async () => {
    const { service, database } = await startTestService({ DATABASE_TIMEOUT_MS: '2500' });
    const pools = service.app.get(Database);
    const running = async (seconds: number) => {
      const { rows } = await database.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%pg_sleep(${seconds})%'`,
      );
      return rows[0]?.count;
    };
    const sleep = (seconds: number) => `SELECT pg_sleep(${seconds})`;
    const givenUp = [
      pools.run({ name: 'sleep', text: sleep(60) }),
      pools.run({ name: 'sleep', text: sleep(60), plan: 'once' }),
      service.app.get(DataSource).query(sleep(60)),
    ].map((statement) => expect(statement).rejects.toThrow(/Query read timeout/));
    const waitedFor = [
      pools.run({ name: 'short-sleep', text: sleep(2) }),
      pools.run({ name: 'short-sleep', text: sleep(2), plan: 'once' }),
      service.app.get(DataSource).query(sleep(2)),
    ].map((statement) => expect(statement).resolves.toHaveLength(1));
    await expect.poll(() => running(60)).toBe(3);
    await Promise.all([...givenUp, ...waitedFor]);
    await expect.poll(() => running(60)).toBe(0);
  });
});

describe('connections whose other end is silently gone', () => {
  it('are given up: who waited gets a 503, who comes next an answer, and the service ends', async () => {
    const behind = await startTestService({ DATABASE_TIMEOUT_MS: '400', ROLE: 'worker' });
    const proxy = await startDatabaseProxy(behind.databaseUrl);
    const port = await freePort();
    const { env } = behind.configuration;
    const service = await startService(
      { ...behind.configuration, databaseUrl: proxy.url, env: { ...env, ROLE: 'api', PORT: port } },
      pino({ level: 'silent' }),
    );
    const api = new ApiClient(`http://127.0.0.1:${port}`, ADMIN_KEY);
    const post = () => api.post('/v1/notifications', { to: '+15551234567', channels: ['sms'], body: 'hello' });
    const list = () => api.get('/v1/notifications');
    // A busy machine may take longer than this deadline, once or twice.
    const untilWell = async () => {
      await expect.poll(async () => (await post()).status).toBe(202);
      await expect.poll(async () => (await list()).status).toBe(200);
      await expect.poll(async () => (await api.get('/health/ready')).status).toBe(200);
    };
    await untilWell();

    proxy.freeze();
    const during = await Promise.all([post(), list(), api.get('/health/ready')]);
    expect(during.map(({ status }) => status)).toEqual([503, 503, 503]);

    proxy.thaw();
    await untilWell();

    // Nor does the end of the service wait for a goodbye.
    proxy.freeze();
    await service.close();
  });
});
