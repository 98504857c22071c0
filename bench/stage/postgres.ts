import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { fromService } from '../service.build.js';
import type { Cleanup } from './cleanup.js';
import { openFolder } from './open-folder.js';
import { cpuMicrosOfTree } from './proc.js';

/** A real PostgreSQL of the benchmark's own, as durable as the service's embedded one: fsync is on. */
export interface BenchPostgres {
  readonly version: string;
  /** A new, empty database, dropped with `cleanup`. @returns its address */
  createDatabase(cleanup: Cleanup): Promise<string>;
  /** Writes out what earlier measurements left dirty, so that none of it falls into the next one. */
  checkpoint(): Promise<void>;
  /** What statements cost since the last call, dearest first; empty unless it was started to count them. */
  takeStatements(): Promise<StatementCost[]>;
  /** Of all of its processes, in microseconds. */
  cpuMicros(): number;
}

export interface StatementCost {
  readonly text: string;
  readonly calls: number;
  readonly rows: number;
  /** In all of its calls, without parsing and commit. */
  readonly milliseconds: number;
}

/**
 * @param countsStatements costs a little itself, so not while anything is measured.
 * @param settings beyond those of the embedded server
 */
export async function startPostgres(
  cleanup: Cleanup,
  countsStatements = false,
  settings: Readonly<Record<string, string>> = {},
): Promise<BenchPostgres> {
  const { startEmbeddedPostgres } = await fromService('embedded/postgres.server');
  const folder = await openFolder();
  cleanup.add(() => rm(folder, { recursive: true, force: true }));
  const server = await startEmbeddedPostgres({
    dataDir: join(folder, 'postgres'),
    settings: {
      max_connections: '200',
      ...(countsStatements ? { shared_preload_libraries: 'pg_stat_statements' } : {}),
      ...settings,
    },
  });
  cleanup.add(() => server.stop());
  const admin = new Client({ connectionString: await superuserUrl(server) });
  admin.on('error', () => {});
  await admin.connect();
  cleanup.add(() => admin.end());
  if (countsStatements) await admin.query('CREATE EXTENSION pg_stat_statements');
  const { rows } = await admin.query<{ server_version: string }>('SHOW server_version');
  let databases = 0;

  return {
    version: rows[0]?.server_version ?? '',
    createDatabase: async (owner) => {
      databases += 1;
      const name = `bench_${databases}`;
      await admin.query(`CREATE DATABASE ${name} OWNER postrider TEMPLATE template0`);
      owner.add(async () => void (await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)));
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      return url.href;
    },
    checkpoint: async () => void (await admin.query('CHECKPOINT')),
    takeStatements: async () => {
      if (!countsStatements) return [];
      const { rows } = await admin.query<StatementCost>(TAKE_STATEMENTS);
      await admin.query('SELECT pg_stat_statements_reset()');
      return rows;
    },
    cpuMicros: () => cpuMicrosOfTree(server.pid),
  };
}

const TAKE_STATEMENTS = `
  SELECT query AS text, calls::float, rows::float, total_exec_time AS milliseconds FROM pg_stat_statements
  ORDER BY total_exec_time DESC LIMIT 12`;

/** Databases and checkpoints are the superuser's; its password lies beside the data. */
async function superuserUrl(server: { url: string; dataDir: string }): Promise<string> {
  const passwords = JSON.parse(await readFile(join(server.dataDir, 'passwords.json'), 'utf8')) as { postgres: string };
  const url = new URL(server.url);
  url.username = 'postgres';
  url.password = passwords.postgres;
  url.pathname = '/postgres';
  return url.href;
}
