import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Pool } from 'pg';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll } from 'vitest';
import { configure } from '../src/config/configuration.js';
import { readEnvironment } from '../src/config/read-environment.js';
import { Database } from '../src/database/database.js';
import { migrate } from '../src/database/migrate.js';
import { startEmbeddedPostgres } from '../src/embedded/postgres.server.js';
import { startService, type RunningService } from '../src/service.js';
import { Executions } from './growth.executions.js';
import { freePort } from './support/free-port.js';
import { ADMIN_KEY, ApiClient } from './support/service.js';
import { makeTestFolder, removeTestFolder } from './support/test.folder.js';

/**
 * Every statement that the service's own role runs is explained by the server, as it was run: with the plan of its
 * prepared statement where it has one. The plan comes back as a notice on the connection.
 */
const EXPLAIN_EVERYTHING = {
  session_preload_libraries: 'auto_explain',
  'auto_explain.log_min_duration': '0',
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_buffers': 'on',
  'auto_explain.log_wal': 'on',
  'auto_explain.log_timing': 'off',
  'auto_explain.log_format': 'json',
  'auto_explain.log_level': 'notice',
};

/** Migrated once, and copied for each test. */
const MIGRATED = 'growth_migrated';

/** Autovacuum looks every second, so that a test of seconds sees what a day sees. */
const SETTINGS = { fsync: 'off', synchronous_commit: 'off', shared_buffers: '128MB', autovacuum_naptime: '1s' };

const DEFAULT_ENV = {
  ADMIN_API_KEY: ADMIN_KEY,
  TWILIO_ACCOUNT_SID: 'AC0123456789abcdef0123456789abcdef',
  TWILIO_AUTH_TOKEN: 'fedcba9876543210fedcba9876543210',
  TWILIO_BASE_URL: 'http://127.0.0.1:1',
  TWILIO_STATUS_URL: '',
  TWILIO_SMS_FROM: '+15005550006',
  INCIDENT_THRESHOLD: '1000000',
  LEASE_MS: '600000',
};

/** A PostgreSQL of the test file's own that explains what the service does. */
export interface ExplainingPostgres {
  /** A migrated, empty database. */
  createDatabase(options?: GrowthOptions): Promise<GrowthDatabase>;
}

export interface GrowthOptions {
  /** False where thousands of statements run and nobody reads their plans. Default: true. */
  readonly explain?: boolean;
  /** False where tables must stay as they are. Default: true. */
  readonly autovacuum?: boolean;
}

export interface GrowthDatabase {
  /** As superuser, and nothing of it is explained. */
  readonly admin: Client;
  /** The service on it, and what it runs from now on. By default it accepts and reads, and dispatches nothing. */
  serve(env?: Readonly<Record<string, string>>): Promise<ObservedService>;
}

export interface ObservedService {
  readonly app: RunningService['app'];
  readonly api: ApiClient;
  readonly executions: Executions;
  close(): Promise<void>;
}

type AtEnd = (end: () => Promise<unknown>) => void;

/** The server for all tests of a file. */
export function shareExplainingPostgres(): () => ExplainingPostgres {
  const ends: (() => Promise<unknown>)[] = [];
  let shared: ExplainingPostgres | undefined;
  beforeAll(async () => {
    shared = await start((end) => ends.push(end));
  });
  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
  });
  return () => {
    if (!shared) throw new Error('The server is there only while tests run');
    return shared;
  };
}

async function start(atEnd: AtEnd): Promise<ExplainingPostgres> {
  const folder = await makeTestFolder();
  atEnd(() => removeTestFolder(folder));
  const server = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), settings: SETTINGS });
  atEnd(() => removeTestFolder(server.dataDir));
  atEnd(() => server.stop());
  const superuser = await superuserUrl(server);
  const admin = await connect(superuser, atEnd);
  await admin.query(`CREATE DATABASE ${MIGRATED} OWNER postrider TEMPLATE template0`);
  await migrate(onDatabase(server.url, MIGRATED));
  for (const [name, value] of Object.entries(EXPLAIN_EVERYTHING)) {
    await admin.query(`ALTER ROLE postrider SET ${name} = ${value === 'auto_explain' ? value : `'${value}'`}`);
  }
  return {
    createDatabase: async ({ explain = true, autovacuum = true } = {}) => {
      const name = `growth_${randomUUID().replaceAll('-', '')}`;
      await admin.query(`CREATE DATABASE ${name} OWNER postrider TEMPLATE ${MIGRATED}`);
      if (!explain)
        await admin.query(`ALTER ROLE postrider IN DATABASE ${name} SET auto_explain.log_min_duration = -1`);
      const url = onDatabase(server.url, name);
      const database = await connect(onDatabase(superuser, name), atEnd);
      if (!autovacuum) await switchAutovacuumOff(database);
      return { admin: database, serve: (env = {}) => serve(url, env, atEnd) };
    },
  };
}

async function switchAutovacuumOff(database: Client): Promise<void> {
  const { rows } = await database.query<{ name: string }>(
    `SELECT quote_ident(relname) AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
  );
  for (const { name } of rows) await database.query(`ALTER TABLE ${name} SET (autovacuum_enabled = false)`);
}

async function serve(
  databaseUrl: string,
  env: Readonly<Record<string, string>>,
  atEnd: AtEnd,
): Promise<ObservedService> {
  const port = await freePort();
  const variables = { ...DEFAULT_ENV, ROLE: 'api', PORT: String(port), DATABASE_URL: databaseUrl, ...env };
  const environment = readEnvironment(variables);
  const twilio = {
    accountSid: DEFAULT_ENV.TWILIO_ACCOUNT_SID,
    authToken: DEFAULT_ENV.TWILIO_AUTH_TOKEN,
    baseUrl: environment.TWILIO_BASE_URL ?? '',
    statusUrl: '',
    simulated: true,
    senders: { sms: DEFAULT_ENV.TWILIO_SMS_FROM },
  };
  const url = `http://127.0.0.1:${port}`;
  const configuration = configure(environment, { databaseUrl, adminApiKey: ADMIN_KEY, twilio }, url);
  const service = await startService(configuration, pino({ level: 'silent' }));
  atEnd(() => service.close());
  const executions = new Executions(poolsOf(service.app));
  return { app: service.app, api: new ApiClient(url, ADMIN_KEY), executions, close: () => service.close() };
}

/** TypeORM's pool, and the one for statements that are planned once. */
function poolsOf(app: RunningService['app']): Pool[] {
  const { driver } = app.get(DataSource);
  const once = app.get(Database)['plannedOnce'];
  return ['master' in driver ? driver.master : null, once].filter((pool) => pool instanceof Pool);
}

async function superuserUrl(server: { readonly url: string; readonly dataDir: string }): Promise<string> {
  const passwords: { postgres: string } = JSON.parse(await readFile(join(server.dataDir, 'passwords.json'), 'utf8'));
  const url = new URL(server.url);
  url.username = 'postgres';
  url.password = passwords.postgres;
  return url.href;
}

function onDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function connect(url: string, atEnd: AtEnd): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  atEnd(() => client.end());
  return client;
}
