import { Client } from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { MIGRATIONS } from '../../migrations/migrations.js';
import { startSimulator } from '../../src/simulator/simulator.server.js';
import { createTestDatabase } from '../support/postgres.js';
import { startServiceProcess } from '../support/process.js';
import { ADMIN_KEY, ApiClient, Provider } from '../support/service.js';
import { startPgBouncer } from './pgbouncer.setup.js';

/** Connections of each process to the pooler, and of the pooler to PostgreSQL. */
const POOL_MAX = 6;
const SERVER_POOL = 4;

/** Two processes that start together on an empty database behind a pooler. */
async function startBehindPooler() {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const simulator = await startSimulator({ stepMs: 5, callbackRetryMs: 10 });
  onTestFinished(() => simulator.close());
  const pooler = await startPgBouncer(database.url, SERVER_POOL);
  const env = {
    DATABASE_URL: pooler.url,
    DATABASE_LISTEN_URL: database.url,
    DATABASE_PREPARED_STATEMENTS: 'false',
    DATABASE_POOL_MAX: String(POOL_MAX),
    ADMIN_API_KEY: ADMIN_KEY,
    TWILIO_ACCOUNT_SID: 'AC0123456789abcdef0123456789abcdef',
    TWILIO_AUTH_TOKEN: 'fedcba9876543210fedcba9876543210',
    TWILIO_BASE_URL: simulator.url,
    TWILIO_STATUS_URL: '',
    TWILIO_SMS_FROM: '+15005550006',
    TWILIO_WHATSAPP_FROM: '+14155238886',
    RETRY_BASE_MS: '20',
    INCIDENT_THRESHOLD: '1000000',
  };
  const processes = await Promise.all([startServiceProcess(env), startServiceProcess(env)]);
  const direct = new Client({ connectionString: database.url });
  await direct.connect();
  onTestFinished(() => direct.end());
  const [first, second] = processes.map(({ url }) => new ApiClient(url, ADMIN_KEY));
  if (!first || !second) throw new Error('Two processes were started');
  return { first, second, processes, pooler, direct, provider: new Provider(simulator.url) };
}

/** Connections to the test's own database, by what they call themselves. */
async function connections(direct: Client): Promise<Record<string, number>> {
  const { rows } = await direct.query<{ name: string; count: number }>(
    `SELECT application_name AS name, count(*)::int AS count FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() GROUP BY 1`,
  );
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
}

it('migrates once, sends, retries, falls back and replays a key through a transaction pooler', async () => {
  const { first, second, processes, pooler, direct, provider } = await startBehindPooler();
  expect((await direct.query('SELECT name FROM migrations')).rows).toHaveLength(MIGRATIONS.length);

  await provider.fail('+15551230002', {
    times: 1,
    match: { resource: 'messages' },
    fault: { kind: 'status', status: 503 },
  });
  await provider.fail('+15551230003', {
    match: { channel: 'whatsapp' },
    fault: { kind: 'callback', status: 'undelivered', errorCode: 63016 },
  });
  const plain = await first.send({ to: '+15551230001', channels: ['sms'], body: 'Hello' }, 'once');
  const retried = await second.send({ to: '+15551230002', channels: ['sms'], body: 'Hello' });
  const fellBack = await first.send({ to: '+15551230003', channels: ['whatsapp', 'sms'], body: 'Hello' });

  await first.untilStatus(plain, 'delivered');
  expect(await second.send({ to: '+15551230001', channels: ['sms'], body: 'Hello' }, 'once')).toBe(plain);
  expect((await second.untilStatus(retried, 'delivered')).deliveries[0]?.attempts.length).toBeGreaterThan(1);
  expect((await first.untilStatus(fellBack, 'delivered')).deliveries.map(({ channel }) => channel)).toEqual([
    'whatsapp',
    'sms',
  ]);

  const [stats] = (await pooler.show('STATS')).filter(({ database }) => database !== 'pgbouncer');
  expect(Number(stats?.['total_xact_count'])).toBeGreaterThan(20);
  expect(processes.map((process) => process.output()).join('')).not.toMatch(/"level":"error"|prepared statement/);
  expect(await Promise.all(processes.map((process) => process.terminate()))).toEqual([0, 0]);
});

it('needs no more connections under load than the pools allow, and one more per process to listen', async () => {
  const { first, second, pooler, direct } = await startBehindPooler();
  const most = { servers: 0, clients: 0, listeners: 0 };
  let delivered = 0;
  const sending = [first, second].map((api, half) =>
    api.post('/v1/notifications/batch', {
      notifications: Array.from({ length: 300 }, (_, n) => ({
        to: `+1555123${String(4000 + half * 300 + n)}`,
        channels: ['sms'],
        body: 'Hello',
      })),
    }),
  );
  for (const end = performance.now() + 60_000; delivered < 600 && performance.now() < end;) {
    const now = await connections(direct);
    const pools = (await pooler.show('POOLS')).filter(({ database }) => database !== 'pgbouncer');
    const clients = pools.reduce((sum, pool) => sum + Number(pool['cl_active']) + Number(pool['cl_waiting']), 0);
    most.listeners = Math.max(most.listeners, now['postrider-listen'] ?? 0);
    most.servers = Math.max(most.servers, now['postrider'] ?? 0);
    most.clients = Math.max(most.clients, clients);
    const { rows } = await direct.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM notifications WHERE status = 'delivered'`,
    );
    delivered = rows[0]?.count ?? 0;
  }
  expect((await Promise.all(sending)).map(({ status }) => status)).toEqual([202, 202]);
  expect(delivered).toBe(600);
  expect(most.listeners).toBe(2);
  expect(most.servers).toBeGreaterThan(0);
  expect(most.servers).toBeLessThanOrEqual(SERVER_POOL);
  expect(most.clients).toBeLessThanOrEqual(2 * POOL_MAX);
});

/** A database with a setting of one second, and connections to it: one direct, one through a pooler. */
async function behindPoolerWith(setting: string) {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const direct = new Client(database.url);
  await direct.connect();
  onTestFinished(() => direct.end());
  await direct.query(`DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET ${setting} = ''1s''', current_database()); END $$`);
  const pooler = await startPgBouncer(database.url, 1);
  const pooled = new Client(pooler.url);
  pooled.on('error', () => {});
  await pooled.connect();
  return { direct, pooled };
}

it('ends a transaction that stands still before the pooler, where the database says so', async () => {
  const { direct, pooled } = await behindPoolerWith('idle_in_transaction_session_timeout');
  await pooled.query('BEGIN');
  await pooled.query('SELECT pg_advisory_xact_lock(1)');
  await direct.query(`SET lock_timeout = '30s'`);
  await direct.query('SELECT pg_advisory_lock(1)');
  await expect(pooled.query('SELECT 1')).rejects.toThrow(/idle-in-transaction|not queryable|terminated/);
});

it('ends on the server what is given up before the pooler, where the database says so', async () => {
  const { direct, pooled } = await behindPoolerWith('client_connection_check_interval');
  const running = async () => {
    const { rows } = await direct.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND query = 'SELECT pg_sleep(60)'`,
    );
    return rows[0]?.count;
  };
  const sleeping = pooled.query('SELECT pg_sleep(60)').catch((error: unknown) => error);
  await expect.poll(running).toBe(1);
  pooled.connection.stream.destroy();
  expect(await sleeping).toBeInstanceOf(Error);
  await expect.poll(running).toBe(0);
});
