import { Injectable } from '@nestjs/common';
import { Database, type Statement } from '../database/database.js';
import type { HealthIndicator, HealthReport } from './health-indicators.js';

/** One for each pool: what is accepted and sent goes through the second. */
const PINGS: readonly Statement[] = [
  { name: 'health_ping', text: 'SELECT 1', plan: 'each_time' },
  { name: 'health_ping_dispatch', text: 'SELECT 1', plan: 'once' },
];

/** The database answers, on the connections of both pools. */
@Injectable()
export class DatabaseIndicator implements HealthIndicator {
  readonly name = 'database';

  /** A question that is still open is shared: a stuck database does not collect one connection per probe. */
  private asking: Promise<unknown> | null = null;

  constructor(private readonly database: Database) {}

  async check(): Promise<HealthReport> {
    const since = performance.now();
    this.asking ??= Promise.all(PINGS.map((ping) => this.database.run(ping))).finally(() => {
      this.asking = null;
    });
    await this.asking;
    return { up: true, details: { responseMs: Math.round(performance.now() - since), pool: this.database.poolUse() } };
  }
}
