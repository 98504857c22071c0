import { DataSource } from 'typeorm';
import { ADVISORY_LOCK } from './advisory-locks.js';
import { dataSourceOptions } from './data-source.js';

/**
 * Brings the schema up to date, or `down` by one migration. Replicas that start together wait for each other
 * under an advisory lock, which TypeORM does not take by itself. The lock's session runs the migrations too.
 * @returns the names of the migrations that ran.
 */
export async function migrate(databaseUrl: string, direction: 'up' | 'down' = 'up'): Promise<string[]> {
  const locks = await new DataSource(dataSourceOptions(databaseUrl, { poolMax: 1 })).initialize();
  const session = locks.createQueryRunner();
  try {
    await session.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK.migrations]);
    const source = await new DataSource(dataSourceOptions(databaseUrl, { poolMax: 2 })).initialize();
    try {
      if (direction === 'up') return (await source.runMigrations()).map((migration) => migration.name);
      await source.undoLastMigration();
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
