import { existsSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/database/migrate.js';
import { findRunning } from '../../src/embedded/postgres.process.js';
import { startEmbeddedPostgres } from '../../src/embedded/postgres.server.js';
import { createDatabase } from './test.database.js';
import { makeQuickTestFolder, removeFoldersOfKilledRuns, removeTestFolder } from './test.folder.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A PostgreSQL for this run alone; its role may create databases. */
    postgresUrl: string;
    /** The name of a migrated database on it, which tests copy. */
    migratedDatabase: string;
  }
}

/** Nothing of a test run has to survive a power cut. */
const FAST = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' };

/** One real PostgreSQL for the whole run: DATABASE_URL_TEST, or an embedded one that is removed at the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['DATABASE_URL_TEST'];
  if (given !== undefined && given !== '') return await provideDatabases(project, given);
  await removeFoldersOfKilledRuns();
  const folder = await makeQuickTestFolder();
  const dataDir = join(folder, 'postgres');
  const cleanUpNow = () => removeNow(folder, dataDir);
  process.once('exit', cleanUpNow);
  const postgres = await startEmbeddedPostgres({ dataDir, settings: FAST });
  await provideDatabases(project, postgres.url);
  return async () => {
    await postgres.stop();
    await removeTestFolder(folder);
    await removeTestFolder(postgres.dataDir);
    process.off('exit', cleanUpNow);
  };
}

/** A schema takes a second to migrate and a moment to copy. @returns what removes it */
async function provideDatabases(project: TestProject, serverUrl: string): Promise<() => Promise<void>> {
  const migrated = await createDatabase(serverUrl);
  await migrate(migrated.url);
  project.provide('postgresUrl', serverUrl);
  project.provide('migratedDatabase', migrated.name);
  return async () => await migrated.drop();
}

/** Ctrl-C ends vitest without a teardown, also while the server starts: all that is left then is synchronous. */
function removeNow(folder: string, dataDir: string): void {
  const home = existsSync(dataDir) ? realpathSync(dataDir) : dataDir;
  const running = () => findRunning(join(home, 'pgdata'));
  const server = running();
  if (server !== null) process.kill(server.pid, 'SIGQUIT');
  for (let tries = 0; tries < 250 && running() !== null; tries += 1) sleepNow(20);
  for (const path of [folder, home]) rmSync(path, { recursive: true, force: true });
}

function sleepNow(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
