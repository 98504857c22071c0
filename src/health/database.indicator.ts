import { Injectable } from '@nestjs/common';
import { Database, type Statement } from '../database/database.js';
import type { HealthIndicator, HealthReport } from './health-indicators.js';

/**
 * Fails if the database takes no writes (after a failover, on a disk that is almost full), and its connection then
 * leaves the pool. Any small table will do; no row is locked.
 */
const WRITABLE = 'SELECT FROM alert_watch WHERE false FOR UPDATE';

/** One for each pool: accepting and sending use the second. */
const PINGS: readonly Statement[] = [
  { name: 'health_ping', text: WRITABLE, plan: 'each_time' },
  { name: 'health_ping_dispatch', text: WRITABLE, plan: 'once' },
];

/** Checks that the database answers and takes writes, on connections of both pools. */
@Injectable()
export class DatabaseIndicator implements HealthIndicator {
  readonly name = 'database';

  constructor(private readonly database: Database) {}

  async check(): Promise<HealthReport> {
    const since = performance.now();
    await Promise.all(PINGS.map((ping) => this.database.run(ping)));
    return { up: true, details: { responseMs: Math.round(performance.now() - since), pool: this.database.poolUse() } };
  }
}
