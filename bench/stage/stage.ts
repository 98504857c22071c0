import type { LoadCalls } from '../programs/load.calls.js';
import type { ProviderCalls } from '../programs/provider.calls.js';
import type { Cleanup } from './cleanup.js';
import { type BenchPostgres, startPostgres } from './postgres.js';
import { Program } from './program.js';
import { type BenchRedis, startRedis } from './redis.js';

/** Everything that stands around what is measured; all of it on this machine's loopback. */
export interface Stage {
  readonly postgres: BenchPostgres;
  /** Null where no redis-server is installed. */
  readonly redis: BenchRedis | null;
  readonly provider: Program<ProviderCalls>;
  readonly load: Program<LoadCalls>;
  /** Stops everything that was started, and what is added to it. */
  readonly cleanup: Cleanup;
}

export async function buildStage(cleanup: Cleanup, countsStatements: boolean): Promise<Stage> {
  const postgres = await startPostgres(cleanup, countsStatements);
  const redis = await startRedis(cleanup);
  const provider = await Program.start<ProviderCalls>(cleanup, 'programs/provider.main');
  const load = await Program.start<LoadCalls>(cleanup, 'programs/load.main');
  return { postgres, redis, provider, load, cleanup };
}
