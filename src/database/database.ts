import { Inject, Injectable } from '@nestjs/common';
import { Pool, type PoolClient, type QueryConfig, type QueryResultRow } from 'pg';
import { DataSource } from 'typeorm';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';

/** A statement with a name of its own: PostgreSQL keeps it prepared per connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  /**
   * `false` where a fresh plan per call is worth more than a kept one: a prepared claim on a table that was never
   * analysed runs at a quarter of its speed on some connections.
   */
  readonly prepared?: boolean;
}

/** Runs statements outside a transaction ({@link Database}) or inside one ({@link Transaction}). */
export interface StatementRunner {
  run<Row extends QueryResultRow>(statement: Statement, values?: readonly unknown[]): Promise<Row[]>;
}

export type Transaction = StatementRunner;

/**
 * The hot path's way to PostgreSQL: named statements on TypeORM's own pool, without its query builder between.
 * Reads, admin queries and migrations go through TypeORM itself.
 */
@Injectable()
export class Database implements StatementRunner {
  private readonly pool: Pool;
  private readonly keepPrepared: boolean;

  constructor(dataSource: DataSource, @Inject(CONFIGURATION) configuration: Configuration) {
    this.pool = poolOf(dataSource);
    this.keepPrepared = configuration.env.DATABASE_PREPARED_STATEMENTS;
  }

  async run<Row extends QueryResultRow>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.pool.query<Row>(this.query(statement, values))).rows;
  }

  /** Runs `work` in one transaction; rolls back when it throws. */
  async transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('BEGIN');
      const result = await work({
        run: async <Row extends QueryResultRow>(statement: Statement, values: readonly unknown[] = []) =>
          (await client.query<Row>(this.query(statement, values))).rows,
      });
      await client.query('COMMIT');
      return result;
    } catch (error) {
      broken = await rollBack(client);
      throw error;
    } finally {
      client.release(broken);
    }
  }

  /** Connections in use, idle and waited for; for /metrics and /health. */
  poolUse(): { total: number; idle: number; waiting: number } {
    return { total: this.pool.totalCount, idle: this.pool.idleCount, waiting: this.pool.waitingCount };
  }

  private query({ name, text, prepared }: Statement, values: readonly unknown[]): QueryConfig {
    const plain = { text, values: [...values] };
    return prepared === false || !this.keepPrepared ? plain : { name, ...plain };
  }
}

/** TypeORM's own pool, which it declares as `any`. */
function poolOf({ driver }: DataSource): Pool {
  if ('master' in driver && driver.master instanceof Pool) return driver.master;
  throw new Error('The data source is not connected to PostgreSQL by a pool');
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
