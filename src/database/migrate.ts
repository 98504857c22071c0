import { setTimeout as delay } from 'node:timers/promises';
import { DataSource, type QueryRunner } from 'typeorm';
import { ADVISORY_LOCK } from './advisory-locks.js';
import { dataSourceOptions, SET_SERVER_KEEPALIVES } from './data-source.js';
import { isLockTimeout } from './sql-state.js';

/** Times in milliseconds. */
interface MigrationOptions {
  /** Hears, in a sentence, why a migration waits. */
  readonly say: (sentence: string) => void;
  /**
   * How long a migration in a transaction waits for a table that another session holds, such as a backup: everybody
   * else who wants the table waits behind it. Then it is rolled back and repeated.
   */
  readonly lockMs: number;
  readonly againAfterMs: number;
  readonly patienceMs: number;
}

const DEFAULTS: MigrationOptions = { say: () => {}, lockMs: 3000, againAfterMs: 10_000, patienceMs: 600_000 };

/**
 * A migration takes as long as it takes, whatever the role, the database or its address limit: one that is cut off is
 * cut off at each start. Set when a connection is open, since a pooler would refuse it as an option.
 */
const NO_LIMITS = `SET statement_timeout = 0; SET lock_timeout = 0; SET idle_session_timeout = 0; ${SET_SERVER_KEEPALIVES}`;

/**
 * Brings the schema up to date, or `down` by one migration. Replicas that start together wait for each other
 * under an advisory lock, which TypeORM does not take by itself.
 * @returns the names of the migrations that ran.
 */
export async function migrate(
  databaseUrl: string,
  direction: 'up' | 'down' = 'up',
  options: Partial<MigrationOptions> = {},
): Promise<string[]> {
  const settings = { ...DEFAULTS, ...options };
  const locks = await new DataSource(dataSourceOptions(databaseUrl, { poolMax: 1, opening: NO_LIMITS })).initialize();
  const session = locks.createQueryRunner();
  try {
    await untilLocked(session);
    const source = await new DataSource(
      dataSourceOptions(databaseUrl, { poolMax: 2, opening: NO_LIMITS }),
    ).initialize();
    limitWaits(source, settings.lockMs);
    try {
      const before = await namesIn(session);
      await patiently(() => (direction === 'up' ? source.runMigrations() : undoLast(source)), settings);
      return (await namesIn(session)).filter((name) => !before.includes(name));
    } finally {
      await source.destroy();
    }
  } finally {
    // A session that is gone has lost the lock with it, and must not hide what happened.
    await session.query('SELECT pg_advisory_unlock($1)', [ADVISORY_LOCK.migrations]).catch(() => {});
    await session.release();
    await locks.destroy();
  }
}

const ASK_AGAIN_MS = 100;

/**
 * Polls for the lock instead of waiting in the database: a session that waits there holds a snapshot, and an index
 * built CONCURRENTLY waits for every snapshot to end.
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

/**
 * In transactions only. A migration without one builds its indexes CONCURRENTLY: it waits long by design, nobody waits
 * behind it, and giving up would leave an invalid index.
 */
function limitWaits(source: DataSource, lockMs: number): void {
  source.subscribers.push({
    afterTransactionStart: ({ queryRunner }) => queryRunner.query(`SET LOCAL lock_timeout = ${lockMs}`),
  });
}

async function patiently(
  run: () => Promise<unknown>,
  { say, againAfterMs, patienceMs }: MigrationOptions,
): Promise<void> {
  const givenUpAt = performance.now() + patienceMs;
  for (;;) {
    try {
      await run();
      return;
    } catch (error) {
      if (!isLockTimeout(error) || performance.now() > givenUpAt) throw error;
      say(
        `A migration waits: another session, such as a backup, holds its table. Next try in ${againAfterMs / 1000} s.`,
      );
      await delay(againAfterMs);
    }
  }
}

async function namesIn(session: QueryRunner): Promise<string[]> {
  if (!(await session.hasTable('migrations'))) return [];
  const rows: { name: string }[] = await session.query('SELECT name FROM migrations ORDER BY id');
  return rows.map(({ name }) => name);
}

async function undoLast(source: DataSource): Promise<void> {
  await source.undoLastMigration({ transaction: (await runsAlone(source)) ? 'none' : 'each' });
}

/** Whether the last migration says that it cannot run in a transaction, which TypeORM heeds only on the way up. */
async function runsAlone(source: DataSource): Promise<boolean> {
  const rows: { name: string }[] = await source.query('SELECT name FROM migrations ORDER BY id DESC LIMIT 1');
  return source.migrations.find(({ name }) => name === rows[0]?.name)?.transaction === false;
}
