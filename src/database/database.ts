import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Pool, type PoolClient, type QueryConfig, type QueryResultRow } from 'pg';
import { DataSource } from 'typeorm';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { CONNECT_MS, KEEP_ALIVE, leftBehindEnds, NEVER_END_TO_END, settingsOf } from './data-source.js';
import { isReadOnlyDatabase } from './sql-state.js';
import { watchPool } from './watched-pool.js';

/** A statement with a unique name, under which PostgreSQL keeps it prepared on each connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  /**
   * How it is planned. Default: PostgreSQL's own choice for a prepared statement.
   * `each_time`: not prepared, for what is rare or whose best plan depends on its parameters.
   * `once`: prepared with a generic plan that never changes and never scans a table; on connections of its own, except
   * inside a transaction. For the statements of dispatch: planning a claim costs eight times running it, and a plan
   * chosen for tables that were never analysed is bimodal (1,500 or 5,600 rows/s). Measured: docs/performance.md.
   */
  readonly plan?: 'each_time' | 'once';
}

/** Runs statements outside a transaction ({@link Database}) or inside one ({@link Transaction}). */
export interface StatementRunner {
  run<Row extends QueryResultRow>(statement: Statement, values?: readonly unknown[]): Promise<Row[]>;
}

export interface Transaction extends StatementRunner {
  /** Runs `effect` after the commit, never after a rollback: nobody hears of what they cannot see. Must not throw. */
  afterCommit(effect: () => void): void;
}

/**
 * The hot path's way to PostgreSQL: named statements without TypeORM's query builder, on TypeORM's pool or, if planned
 * once, on a pool of their own. Other reads, admin queries and migrations go through TypeORM itself.
 */
@Injectable()
export class Database implements StatementRunner, OnApplicationShutdown {
  private readonly pool: Pool;
  /** For statements with `plan: 'once'`; null if connections may keep nothing (PgBouncer). */
  private readonly plannedOnce: Pool | null;
  private readonly pools: readonly Pool[];
  private readonly keepPrepared: boolean;

  constructor(dataSource: DataSource, @Inject(CONFIGURATION) configuration: Configuration) {
    const { DATABASE_PREPARED_STATEMENTS, DATABASE_TIMEOUT_MS } = configuration.env;
    this.pool = poolOf(dataSource);
    this.keepPrepared = DATABASE_PREPARED_STATEMENTS;
    this.plannedOnce = this.keepPrepared ? planOncePool(configuration.databaseUrl, DATABASE_TIMEOUT_MS) : null;
    this.pools = this.plannedOnce ? [this.pool, this.plannedOnce] : [this.pool];
    for (const pool of this.pools) watchPool(pool, DATABASE_TIMEOUT_MS);
  }

  async run<Row extends QueryResultRow>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    const pool = statement.plan === 'once' ? (this.plannedOnce ?? this.pool) : this.pool;
    return (await pool.query<Row>(this.query(statement, values))).rows;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.plannedOnce?.end();
  }

  /**
   * Runs `work` in one transaction; rolls back when it throws.
   * @param isOnDisk is asked when the COMMIT fails: it may have been carried out, and only its answer lost
   */
  async transaction<T>(
    work: (transaction: Transaction) => Promise<T>,
    isOnDisk: () => Promise<boolean> = () => Promise.resolve(false),
  ): Promise<T> {
    const client = await this.pool.connect();
    const effects: (() => void)[] = [];
    let broken: Error | undefined;
    try {
      await client.query('BEGIN');
      const result = await work({
        run: async <Row extends QueryResultRow>(statement: Statement, values: readonly unknown[] = []) =>
          (await client.query<Row>(this.query(statement, values))).rows,
        afterCommit: (effect) => void effects.push(effect),
      });
      await commit(client, isOnDisk);
      for (const effect of effects) effect();
      return result;
    } catch (error) {
      broken = await rollBack(client);
      // Outside a transaction, a statement that fails removes its connection from the pool by itself.
      if (isReadOnlyDatabase(error)) broken ??= error;
      throw error;
    } finally {
      client.release(broken);
    }
  }

  /** Connections in use, idle and waited for; for /metrics and /health. */
  poolUse(): { total: number; idle: number; waiting: number } {
    const sum = (count: (pool: Pool) => number) => this.pools.reduce((total, pool) => total + count(pool), 0);
    return {
      total: sum((pool) => pool.totalCount),
      idle: sum((pool) => pool.idleCount),
      waiting: sum((pool) => pool.waitingCount),
    };
  }

  private query({ name, text, plan }: Statement, values: readonly unknown[]): QueryConfig {
    const plain = { text, values: [...values] };
    return plan === 'each_time' || !this.keepPrepared ? plain : { name, ...plain };
  }
}

/**
 * Two writes of the intake, a claim, two settlements and the progress of callbacks at once: grouped writes need no
 * more. Other statements planned once are rare, and wait for one of these connections.
 */
const PLAN_ONCE_CONNECTIONS = 6;

function planOncePool(url: string, timeoutMs: number): Pool {
  const { address, options } = settingsOf(
    url,
    `-c plan_cache_mode=force_generic_plan ${NEVER_END_TO_END} ${leftBehindEnds(timeoutMs)}`,
  );
  const pool = new Pool({
    connectionString: address,
    max: PLAN_ONCE_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_MS,
    ...KEEP_ALIVE,
    application_name: 'postrider-dispatch',
    options,
  });
  // A broken idle connection is replaced; whoever uses a connection learns of its end from the query.
  pool.on('error', () => {});
  return pool;
}

/** TypeORM's own pool, which it declares as `any`. */
function poolOf({ driver }: DataSource): Pool {
  if ('master' in driver && driver.master instanceof Pool) return driver.master;
  throw new Error('The data source is not connected to PostgreSQL by a pool');
}

async function commit(client: PoolClient, isOnDisk: () => Promise<boolean>): Promise<void> {
  try {
    await client.query('COMMIT');
  } catch (error) {
    // Who cannot find out either takes it for failed.
    if (!(await isOnDisk().catch(() => false))) throw error;
  }
}

/** @returns the error of a connection that cannot even roll back: it must leave the pool. */
async function rollBack(client: PoolClient): Promise<Error | undefined> {
  try {
    await client.query('ROLLBACK');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
