import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { EmbeddedPostgresError } from './postgres.error.js';

const SQLITE_BUSY = 5;

/** The right to start, use and stop the server of one folder. */
export interface Ownership {
  release(): void;
}

/** Keeps the locks reachable: a lock that is garbage-collected is lost. */
const held = new Set<DatabaseSync>();

/**
 * Makes this process the only owner of the folder until it releases it or ends, however it ends: the lock is the one
 * that SQLite takes from the operating system for an exclusive transaction, so a dead owner never has to be detected.
 * @throws EmbeddedPostgresError naming the process that owns it now
 */
export function claimOwnership(home: string): Ownership {
  const pidFile = join(home, 'owner.pid');
  const lock = lockOrNull(join(home, 'owner.lock'));
  if (lock === null) throw alreadyOwned(home, pidFile);
  held.add(lock);
  rmSync(pidFile, { force: true });
  writeFileSync(pidFile, `${process.pid}\n`);
  return {
    release() {
      if (!held.delete(lock)) return;
      rmSync(pidFile, { force: true });
      lock.close();
    },
  };
}

function lockOrNull(file: string): DatabaseSync | null {
  let lock: DatabaseSync | null = null;
  try {
    lock = new DatabaseSync(file);
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return null;
    throw new EmbeddedPostgresError(
      {
        what: `The embedded PostgreSQL's lock file ${file} could not be locked.`,
        advice: 'make its folder writable for the user that runs Postrider, or set DATABASE_URL.',
      },
      { cause: error },
    );
  }
}

function alreadyOwned(home: string, pidFile: string): EmbeddedPostgresError {
  const owner = ownerOf(pidFile);
  return new EmbeddedPostgresError({
    what: `${owner} already uses the embedded PostgreSQL in ${home}.`,
    advice:
      'stop it first; to run several Postrider processes on one database, give all of them the same DATABASE_URL.',
  });
}

function ownerOf(pidFile: string): string {
  const pid = existsSync(pidFile) ? Number.parseInt(readFileSync(pidFile, 'utf8'), 10) : Number.NaN;
  return Number.isNaN(pid) ? 'Another process' : `Process ${pid}`;
}
