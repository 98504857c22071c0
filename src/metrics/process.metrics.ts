import { Inject, Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { CONFIGURATION, type Configuration } from '../config/configuration.js';
import { Database } from '../database/database.js';
import { droppedLogLines } from '../logging/logger.js';

/** Gauges of prom-client that are named like counters; each also exists without `_total`. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/**
 * What the process is for; what every Node process shows, including the event loop's lag; the use of the database pools;
 * and lost log lines.
 */
@Injectable()
export class ProcessMetrics {
  constructor(database: Database, registry: Registry, @Inject(CONFIGURATION) { env }: Configuration) {
    collectDefaultMetrics({ register: registry });
    for (const name of MISNAMED) registry.removeSingleMetric(name);
    const replica = new Gauge({
      name: 'postrider_replica_info',
      help: 'Always 1: a replica of this role runs and can be scraped.',
      labelNames: ['role'],
      registers: [registry],
    });
    replica.set({ role: env.ROLE }, 1);
    const dropped: Counter = new Counter({
      name: 'postrider_log_lines_dropped_total',
      help: 'Lines of the log that are lost because standard output could not be written, or nobody read it.',
      registers: [registry],
      collect: () => {
        dropped.reset();
        dropped.inc(droppedLogLines());
      },
    });
    const pool = new Gauge({
      name: 'postrider_database_pool_connections',
      help: 'Connections of the pool that are in use or idle, and requests that wait for one.',
      labelNames: ['state'],
      registers: [registry],
      collect: () => {
        const { total, idle, waiting } = database.poolUse();
        pool.set({ state: 'used' }, total - idle);
        pool.set({ state: 'idle' }, idle);
        pool.set({ state: 'waiting' }, waiting);
      },
    });
  }
}
