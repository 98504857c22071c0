import type { PoolClient } from 'pg';
import type { DataSourceOptions } from 'typeorm';
import { MIGRATIONS } from '../../migrations/migrations.js';

/** Milliseconds to connect, or to wait for a connection of a pool. */
export const CONNECT_MS = 5000;

/** How this end of a connection finds out that the other host is gone, and keeps firewalls from forgetting an idle one. */
export const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 30_000 } as const;

/** How the server finds out the same, within a minute: seconds, seconds and a count. By itself it takes two hours. */
const SERVER_KEEPALIVES = {
  tcp_keepalives_idle: 30,
  tcp_keepalives_interval: 10,
  tcp_keepalives_count: 3,
} as const;

/** {@link SERVER_KEEPALIVES} for a connection that must open without settings: a pooler would refuse them. */
export const SET_SERVER_KEEPALIVES = Object.entries(SERVER_KEEPALIVES)
  .map(([name, value]) => `SET ${name} = ${value}`)
  .join('; ');

/**
 * Makes the server end what a client has left behind.
 *
 * - `client_connection_check_interval` looks, while a statement runs, whether its client is still there. Without this
 *   the server goes on for minutes with what was given up after DATABASE_TIMEOUT_MS, while the pool opens another
 *   connection: a caller who keeps asking would pile them up. A time limit would also cut off long statements for which
 *   somebody waits.
 * - Between the statements of a transaction, keepalives notice a host that is gone. A process that stands still (a
 *   stopped container, a host that swaps) does answer them, so there is a time limit, too: the transaction may hold the
 *   lock that every other replica waits for.
 *
 * @param timeoutMs DATABASE_TIMEOUT_MS
 */
export function leftBehindEnds(timeoutMs: number): string {
  const limits = {
    client_connection_check_interval: '1s',
    idle_in_transaction_session_timeout: timeoutMs,
    ...SERVER_KEEPALIVES,
  };
  return Object.entries(limits)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
}

/**
 * Keeps plans from reading a table from end to end. While a table is small that is cheapest, but a connection that
 * keeps such a plan reads the whole table for every row once it has grown. A table without an index is still read that
 * way, and before PostgreSQL 18 the plan then looks so expensive that the server compiles it at each execution (jit):
 * looking at three circuits, twice a second, took 30 ms instead of less than 0.01.
 */
export const NEVER_END_TO_END = '-c enable_seqscan=off -c jit=off';

/**
 * Takes the `options` out of a database's address and puts them before `settings`, which win. Left in the address they
 * would replace `settings`: pg prefers the address to what is given beside it.
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
  /** Connections of this pool. A process holds up to 7 more: 6 for statements planned once, and 1 for LISTEN. */
  readonly poolMax: number;
  /** Settings with which connections open. Default: none, for PgBouncer and for migrations, which run to their end. */
  readonly settings?: string | undefined;
  /** Statements that each connection runs when it is open. */
  readonly opening?: string;
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
    extra: { idleTimeoutMillis: 30_000, ...KEEP_ALIVE, options, ...openingHook(limits.opening) },
    logging: false,
  };
}

/** A hook of pg's pool, which waits for it before it hands the connection out. */
function openingHook(statements: string | undefined) {
  return statements === undefined ? {} : { onConnect: (client: PoolClient) => client.query(statements) };
}
