import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { dataSourceOptions, leftBehindEnds, NEVER_END_TO_END } from './data-source.js';
import { Database } from './database.js';
import { DatabaseClock } from './database.clock.js';
import { Listener } from './listener.js';
import { Searches } from './searches.js';
import { Snapshots } from './snapshots.js';

/** TypeORM's pool, one for statements planned once (see {@link Database}), and a connection that only listens. */
@Global()
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [CONFIGURATION],
      useFactory: ({ databaseUrl, env }: Configuration) => ({
        ...dataSourceOptions(databaseUrl, {
          poolMax: env.DATABASE_POOL_MAX,
          settings: env.DATABASE_PREPARED_STATEMENTS
            ? `${NEVER_END_TO_END} ${leftBehindEnds(env.DATABASE_TIMEOUT_MS)}`
            : undefined,
        }),
        autoLoadEntities: true,
        retryAttempts: 10,
        retryDelay: 1000,
      }),
    }),
  ],
  providers: [Database, DatabaseClock, Listener, Searches, Snapshots],
  exports: [Database, DatabaseClock, Listener, Searches, Snapshots],
})
export class DatabaseModule {}
