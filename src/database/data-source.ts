import type { DataSourceOptions } from 'typeorm';
import { MIGRATIONS } from '../../migrations/migrations.js';

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
    connectTimeoutMS: 5000,
    extra: { idleTimeoutMillis: 30_000, keepAlive: true },
    logging: false,
  };
}
