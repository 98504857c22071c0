import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { Database } from '../database/database.js';

/** Gauges of prom-client that are named like counters; the same without `_total` are there as well. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** What every Node process shows, its event loop's lag among it, and the use of the database pool. */
@Injectable()
export class ProcessMetrics {
  constructor(database: Database, registry: Registry) {
    collectDefaultMetrics({ register: registry });
    for (const name of MISNAMED) registry.removeSingleMetric(name);
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
