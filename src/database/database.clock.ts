import { Injectable } from '@nestjs/common';
import { Database } from './database.js';

const READ_CLOCK = { name: 'clock', text: 'SELECT service_now() AS now' };

/**
 * The database's time without a query for each use: the last reading plus the time passed since. It is read with the
 * circuits, before anything is sent and then twice a second (incidents/circuit.watch.ts). Due times, leases and expiry
 * are compared in SQL; this is for decisions and records.
 */
@Injectable()
export class DatabaseClock {
  private reading = Date.now();
  private readAt = performance.now();

  constructor(private readonly database: Database) {}

  now(): Date {
    return new Date(this.reading + performance.now() - this.readAt);
  }

  /** Sets the clock to a time that a statement returned. */
  set(now: Date): void {
    this.reading = now.getTime();
    this.readAt = performance.now();
  }

  /** For one use that must not lag. */
  async refresh(): Promise<void> {
    const [row] = await this.database.run<{ now: Date }>(READ_CLOCK);
    if (row) this.set(row.now);
  }
}
