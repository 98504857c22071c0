import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterAll, onTestFinished } from 'vitest';
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from '../../src/embedded/postgres.server.js';
import { makeTestFolder, removeTestFolder } from './test.folder.js';

export const IS_ROOT = process.geteuid?.() === 0;

/** For servers whose data is thrown away. */
export const FAST = { fsync: 'off', full_page_writes: 'off', shared_buffers: '16MB' } as const;

/** A folder that every user may enter, removed after the test together with the server that may still run in it. */
export async function publicFolder(): Promise<string> {
  const folder = await makeTestFolder();
  onTestFinished(async () => await removeTestFolder(folder));
  return folder;
}

/**
 * For all tests of a file: data folders like one a stopped server leaves; copied, because that is much faster than a first
 * start.
 */
export function shareUsedDataDir(): () => Promise<string> {
  let prepared: Promise<string> | null = null;
  afterAll(async () => {
    if (prepared !== null) await removeTestFolder(dirname(await prepared));
  });
  return async () => {
    prepared ??= firstStart();
    const dataDir = join(await publicFolder(), 'data');
    execFileSync('cp', ['-a', await prepared, dataDir]);
    return dataDir;
  };
}

async function firstStart(): Promise<string> {
  const dataDir = join(await makeTestFolder(), 'data');
  const postgres = await startEmbeddedPostgres({ dataDir, settings: FAST });
  await postgres.stop();
  return dataDir;
}

/** A server of this process, stopped after the test if the test has not. */
export async function start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ settings: FAST, ...options });
  onTestFinished(async () => await postgres.stop());
  return postgres;
}

/** What the one row of a query holds. */
export async function queryOne(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows.length === 0 ? undefined : Object.values(rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

/** Another Node process that owns (or tries to own) a server. It leads a process group, like a service in a terminal. */
export interface OwnerProcess {
  readonly pid: number;
  /** Its next line. */
  says(): Promise<{ event: string; [detail: string]: unknown }>;
  exited: Promise<unknown>;
}

export function spawnOwner(dataDir: string): OwnerProcess {
  const hooks = import.meta.resolve('./typescript.hooks.ts');
  const program = fileURLToPath(import.meta.resolve('./embedded-postgres.owner.ts'));
  const child = spawn(process.execPath, ['--import', hooks, program, dataDir], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return {
    pid: child.pid ?? 0,
    says: async () => {
      const { value, done } = await lines.next();
      if (done === true || value === undefined) throw new Error('the owner process ended without a word');
      return JSON.parse(value);
    },
    exited,
  };
}

/** A postmaster.pid as a server on `port` leaves it when it is killed. */
export async function forgePidFile(home: string, pid: number, port = 1): Promise<void> {
  const pgdata = join(home, 'pgdata');
  const started = Math.floor(Date.now() / 1000);
  await writeFile(
    join(pgdata, 'postmaster.pid'),
    `${[pid, pgdata, started, port, '', '127.0.0.1', '', 'ready'].join('\n')}\n`,
  );
}

/** The user a process runs as. */
export function userOf(pid: number): number {
  return Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
