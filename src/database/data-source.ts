import type { DataSourceOptions } from 'typeorm';
import { MIGRATIONS } from '../../migrations/migrations.js';

/** Milliseconds to connect, or to wait for a connection of a pool. */
export const CONNECT_MS = 5000;

export interface ConnectionLimits {
  /** Connections of the pool; LISTEN holds one more of its own. */
  readonly poolMax: number;
}

/** How this service connects. The schema comes from migrations only; `synchronize` stays off for ever. */
export function dataSourceOptions(url: string, limits: ConnectionLimits): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    synchronize: false,
    migrationsRun: false,
    migrations: MIGRATIONS,
    migrationsTransactionMode: 'each',
    applicationName: 'postrider',
    poolSize: limits.poolMax,
    connectTimeoutMS: CONNECT_MS,
    extra: { idleTimeoutMillis: 30_000, keepAlive: true },
    logging: false,
  };
}
