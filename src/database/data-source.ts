import type { DataSourceOptions } from 'typeorm';
import { MIGRATIONS } from '../../migrations/migrations.js';

/** Milliseconds to connect, or to wait for a connection of a pool. */
export const CONNECT_MS = 5000;

/**
 * Lets the server look, while a statement runs, whether its client is still there. Without this it goes on for minutes with
 * what was given up after DATABASE_TIMEOUT_MS, while the pool opens another connection: a caller who asks again and again
 * would pile them up. A limit of time would also cut what takes long and is waited for.
 */
export const GIVEN_UP_ENDS = '-c client_connection_check_interval=1s';

/**
 * Keeps plans from reading a table from end to end: while a table is small that is the cheapest, and a connection that keeps
 * such a plan reads all of it for every row once the table has grown. Where there is no index, it is read all the same, and
 * before PostgreSQL 18 such a plan then seems so expensive that the server compiles it at each execution (jit): the look at
 * three circuits, twice a second, took 30 ms instead of less than 0.01.
 */
export const NEVER_END_TO_END = '-c enable_seqscan=off -c jit=off';

/**
 * Takes the `options` out of a database's address and puts them before `settings`, which win. Left in the address they
 * would replace `settings`: in pg, what an address says counts more than what is said beside it.
 */
export function settingsOf(address: string, settings?: string): { address: string; options: string | undefined } {
  const start = address.indexOf('?');
  const parameters = new URLSearchParams(start === -1 ? '' : address.slice(start + 1));
  const theirs = parameters.getAll('options').at(-1);
  if (theirs === undefined) return { address, options: settings };
  parameters.delete('options');
  const rest = parameters.size === 0 ? '' : `?${parameters.toString()}`;
  return { address: address.slice(0, start) + rest, options: settings ? `${theirs} ${settings}` : theirs };
}

export interface ConnectionLimits {
  /** Connections of the pool; LISTEN holds one more of its own. */
  readonly poolMax: number;
  /** Settings that each connection opens with. Default: none, as PgBouncer wants it; a migration goes on to its end. */
  readonly settings?: string | undefined;
}

/** How this service connects. The schema comes from migrations only; `synchronize` stays off for ever. */
export function dataSourceOptions(url: string, limits: ConnectionLimits): DataSourceOptions {
  const { address, options } = settingsOf(url, limits.settings);
  return {
    type: 'postgres',
    url: address,
    synchronize: false,
    migrationsRun: false,
    migrations: MIGRATIONS,
    migrationsTransactionMode: 'each',
    applicationName: 'postrider',
    poolSize: limits.poolMax,
    connectTimeoutMS: CONNECT_MS,
    extra: { idleTimeoutMillis: 30_000, keepAlive: true, options },
    logging: false,
  };
}
