import { Inject, Injectable } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';
import type { Severity } from '../alerts/alert.kinds.js';
import { SINKS, type Sink, type SinkName } from '../alerts/sinks/sink.js';
import { answerInTime } from '../concurrency/in-time.js';
import { Database } from '../database/database.js';
import type { OpenCause } from '../policy/vocabulary.js';
import { Outbox } from '../outbox/outbox.js';
import { READINGS } from './readings.sql.js';

const READ_AGAIN_AFTER_MS = 5000;
const PATIENCE_MS = 2000;

/** What the database says about all replicas together. */
export interface Readings {
  readonly backlog: Awaited<ReturnType<Outbox['backlog']>>;
  readonly held: number;
  readonly circuits: readonly { readonly scope: string; readonly cause: OpenCause; readonly count: number }[];
  readonly incidents: number;
  readonly deadLetters: number;
  readonly oldestDeadLetterSeconds: number;
  readonly alerts: readonly { readonly severity: Severity; readonly count: number }[];
  readonly sinks: readonly { readonly sink: SinkName; readonly count: number }[];
}

type OpenThings = Omit<Readings, 'backlog' | 'held'>;

/**
 * Reads the database for a scrape: at most once in 5 s and never twice at a time, however often it is scraped. If the
 * database fails or hangs, only its part of the page is missing.
 */
@Injectable()
export class DatabaseReadings {
  private latest: Promise<Readings> | null = null;
  private reading = false;
  private readAt = Number.NEGATIVE_INFINITY;
  private readonly errors: Counter;

  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    @Inject(SINKS) private readonly sinks: readonly Sink[],
    registry: Registry,
  ) {
    this.errors = new Counter({
      name: 'postrider_scrape_errors_total',
      help: 'Scrapes for which the database did not answer in time: what it would have said is missing from them.',
      registers: [registry],
    });
  }

  /** @returns null if the database did not answer. */
  async take(): Promise<Readings | null> {
    if (!this.latest || (!this.reading && performance.now() - this.readAt > READ_AGAIN_AFTER_MS)) {
      this.latest = this.read();
    }
    try {
      return await answerInTime(this.latest, PATIENCE_MS);
    } catch {
      // The health of the database says why; a scrape cannot.
      this.errors.inc();
      return null;
    }
  }

  private async read(): Promise<Readings> {
    this.reading = true;
    try {
      // One after the other: a scrape needs one connection, not three.
      const backlog = await this.outbox.backlog();
      const heldCounts = await this.outbox.heldCounts();
      const [open] = await this.database.run<OpenThings>(READINGS, [this.sinks.map(({ name }) => name)]);
      if (!open) throw new Error('The readings are one row, always');
      return { backlog, held: [...heldCounts.values()].reduce((sum, count) => sum + count, 0), ...open };
    } finally {
      this.reading = false;
      this.readAt = performance.now();
    }
  }
}
