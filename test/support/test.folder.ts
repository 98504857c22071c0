import { chmod, mkdtemp, readdir, rm, statfs } from 'node:fs/promises';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRunning, shutDown } from '../../src/embedded/postgres.process.js';

/** Followed by the pid of the process that made the folder and mkdtemp's six letters. */
const PREFIX = 'postrider-test-';

/** Linux keeps what is in it in memory. */
const MEMORY = '/dev/shm';
/** Ten times what the databases of a run take at any moment. */
const ENOUGH_MEMORY = 2 * 1024 ** 3;

/** A temporary folder that every user may enter, so that a server of root's may run in it. */
export async function makeTestFolder(within = tmpdir()): Promise<string> {
  const folder = await mkdtemp(join(within, `${PREFIX}${process.pid}-`));
  await chmod(folder, 0o755);
  return folder;
}

/**
 * The same in memory, if there is plenty of it: a database for each test is 450 files, which a disk takes ten
 * times as long to copy.
 */
export async function makeQuickTestFolder(): Promise<string> {
  const room = await statfs(MEMORY).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  return await makeTestFolder(Math.min(room, freemem()) >= ENOUGH_MEMORY ? MEMORY : tmpdir());
}

/** Removes the folder and stops the servers that run on data directly below it. */
export async function removeTestFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const server = findRunning(join(folder, name, 'pgdata'));
    if (server !== null) await shutDown(server, 2_000);
  }
  await rm(folder, { recursive: true, force: true });
}

/** A run that was killed leaves its folders and servers behind: the next one cleans up. */
export async function removeFoldersOfKilledRuns(): Promise<void> {
  for (const place of [tmpdir(), MEMORY]) {
    for (const name of await readdir(place).catch(() => [])) {
      const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : Number.NaN;
      if (!Number.isNaN(pid) && !isAlive(pid)) await removeTestFolder(join(place, name));
    }
  }
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
