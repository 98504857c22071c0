import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { findRunning, shutDown } from '../../src/embedded/postgres.process.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/embedded/postgres.server.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A PostgreSQL for this run alone; its role may create databases. */
    postgresUrl: string;
  }
}

/** The folder's name ends in the run's pid and mkdtemp's six letters. */
const FOLDER = 'postrider-test-run-';

/** Nothing of a test run has to survive a power cut. */
const FAST = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' };

/** One real PostgreSQL for the whole run: DATABASE_URL_TEST, or an embedded one that is removed at the end. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env['DATABASE_URL_TEST'];
  if (given !== undefined && given !== '') {
    project.provide('postgresUrl', given);
    return undefined;
  }
  await removeKilledRuns();
  const folder = await mkdtemp(join(tmpdir(), `${FOLDER}${process.pid}-`));
  await chmod(folder, 0o755);
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), settings: FAST });
  const cleanUpNow = () => removeNow(folder, postgres);
  process.once('exit', cleanUpNow);
  project.provide('postgresUrl', postgres.url);
  return async () => {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
    await rm(postgres.dataDir, { recursive: true, force: true });
    process.off('exit', cleanUpNow);
  };
}

/** Ctrl-C ends vitest without a teardown: all that is left then is synchronous. */
function removeNow(folder: string, postgres: EmbeddedPostgres): void {
  const pgdata = join(postgres.dataDir, 'pgdata');
  if (findRunning(pgdata) !== null) process.kill(postgres.pid, 'SIGQUIT');
  for (let tries = 0; tries < 250 && findRunning(pgdata) !== null; tries += 1) sleepNow(20);
  for (const path of [folder, postgres.dataDir]) rmSync(path, { recursive: true, force: true });
}

function sleepNow(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** A run that was killed with -9 leaves its server running. */
async function removeKilledRuns(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(FOLDER) ? Number.parseInt(name.slice(FOLDER.length), 10) : Number.NaN;
    if (Number.isNaN(pid) || isAlive(pid)) continue;
    const folder = join(tmpdir(), name);
    const server = findRunning(join(folder, 'postgres', 'pgdata'));
    if (server !== null) await shutDown(server);
    await rm(folder, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
