import { setTimeout as delay } from 'node:timers/promises';
import { DataSource, type QueryRunner } from 'typeorm';
import { ADVISORY_LOCK } from './advisory-locks.js';
import { dataSourceOptions } from './data-source.js';

/**
 * Brings the schema up to date, or `down` by one migration. Replicas that start together wait for each other
 * under an advisory lock, which TypeORM does not take by itself.
 * @returns the names of the migrations that ran.
 */
export async function migrate(databaseUrl: string, direction: 'up' | 'down' = 'up'): Promise<string[]> {
  const locks = await new DataSource(dataSourceOptions(databaseUrl, { poolMax: 1 })).initialize();
  const session = locks.createQueryRunner();
  try {
    await untilLocked(session);
    const source = await new DataSource(dataSourceOptions(databaseUrl, { poolMax: 2 })).initialize();
    try {
      if (direction === 'up') return (await source.runMigrations()).map((migration) => migration.name);
      await source.undoLastMigration({ transaction: (await runsAlone(source)) ? 'none' : 'each' });
      return [];
    } finally {
      await source.destroy();
    }
  } finally {
    await session.query('SELECT pg_advisory_unlock($1)', [ADVISORY_LOCK.migrations]);
    await session.release();
    await locks.destroy();
  }
}

const ASK_AGAIN_MS = 100;

/**
 * Asks for the lock again and again instead of waiting in the database: a session that waits there holds a snapshot, and
 * an index that is built CONCURRENTLY waits for every snapshot to end.
 */
async function untilLocked(session: QueryRunner): Promise<void> {
  for (;;) {
    const rows: { locked: boolean }[] = await session.query('SELECT pg_try_advisory_lock($1) AS locked', [
      ADVISORY_LOCK.migrations,
    ]);
    if (rows[0]?.locked) return;
    await delay(ASK_AGAIN_MS);
  }
}

/** Whether the last migration says that it cannot run in a transaction, which TypeORM heeds only on the way up. */
async function runsAlone(source: DataSource): Promise<boolean> {
  const rows: { name: string }[] = await source.query('SELECT name FROM migrations ORDER BY id DESC LIMIT 1');
  return source.migrations.find(({ name }) => name === rows[0]?.name)?.transaction === false;
}
