import { Inject, Injectable } from '@nestjs/common';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { Database, type Transaction } from '../database/database.js';
import {
  DELETE_BODIES,
  DELETE_HISTORY,
  DELETE_REPLAYS,
  FORGET,
  FORGET_UNAVAILABLE,
  LATER_FOR_BODIES,
  NEXT_FOR_BODIES,
  NEXT_FOR_HISTORY,
  REMEMBER,
  TRY_LOCK,
  WAIT_FOR_NOBODY,
} from './retention.sql.js';

/** Notifications per transaction: few enough not to disturb anyone, many enough to make progress. */
const CHUNK = 500;
const HOURS_A_DAY = 24;
/** The start of a next chunk that needs no position, because the previous chunk deleted what it found. */
const FROM_THE_START = '';

/** The result of a chunk. */
export interface ChunkResult {
  /** Number of notifications, or rows, that were changed or deleted. */
  readonly touched: number;
  /** Where the next chunk begins; null if there is none. */
  readonly next: string | null;
}

type IdRow = { id: string };

/** The steps of retention, each a small transaction of its own. They return null if another replica is at it. */
@Injectable()
export class RetentionChunks {
  private readonly bodyHours: number;
  private readonly historyHours: number;

  constructor(
    private readonly database: Database,
    @Inject(CONFIGURATION) { env }: Configuration,
  ) {
    this.bodyHours = env.BODY_RETENTION_HOURS;
    // An Idempotency-Key is stored with its notification, so the notification is kept as long as the key must hold.
    this.historyHours = Math.max(env.HISTORY_RETENTION_DAYS * HOURS_A_DAY, env.IDEMPOTENCY_TTL_HOURS);
  }

  /** Deletes the bodies of notifications that have become old enough. Stores its own position. */
  bodies(): Promise<ChunkResult | null> {
    return this.alone(async (transaction) => {
      const ids = idsOf(await transaction.run<IdRow>(NEXT_FOR_BODIES, [this.bodyHours, CHUNK]));
      const last = ids.at(-1);
      if (last === undefined) return { touched: 0, next: null };
      const done = new Set(idsOf(await transaction.run<IdRow>(DELETE_BODIES, [ids, this.bodyHours])));
      await transaction.run(REMEMBER, [ids.filter((id) => !done.has(id)), last]);
      return { touched: done.size, next: nextOf(ids) };
    });
  }

  /** Deletes the bodies of notifications that had not ended when they were first looked at. */
  laterBodies(after: string | null): Promise<ChunkResult | null> {
    return this.alone(async (transaction) => {
      const ids = idsOf(await transaction.run<IdRow>(LATER_FOR_BODIES, [after, CHUNK]));
      if (ids.length === 0) return { touched: 0, next: null };
      const done = idsOf(await transaction.run<IdRow>(DELETE_BODIES, [ids, this.bodyHours]));
      await transaction.run(FORGET, [ids, done]);
      return { touched: done.length, next: nextOf(ids) };
    });
  }

  /** Deletes whole notifications with their history. */
  history(after: string | null): Promise<ChunkResult | null> {
    return this.alone(async (transaction) => {
      const ids = idsOf(await transaction.run<IdRow>(NEXT_FOR_HISTORY, [after, this.historyHours, CHUNK]));
      if (ids.length === 0) return { touched: 0, next: null };
      const gone = await transaction.run<IdRow>(DELETE_HISTORY, [ids, this.historyHours]);
      return { touched: gone.length, next: nextOf(ids) };
    });
  }

  /** Deletes replays that ended long ago. */
  replays(): Promise<ChunkResult | null> {
    return this.alone(async (transaction) => {
      await transaction.run(DELETE_REPLAYS, [this.historyHours]);
      return { touched: 0, next: null };
    });
  }

  /** Deletes expired knowledge about recipients' channels. */
  unavailableChannels(): Promise<ChunkResult | null> {
    return this.alone(async (transaction) => {
      const { length } = await transaction.run(FORGET_UNAVAILABLE, [CHUNK]);
      return { touched: length, next: length < CHUNK ? null : FROM_THE_START };
    });
  }

  private alone(work: (transaction: Transaction) => Promise<ChunkResult>): Promise<ChunkResult | null> {
    return this.database.transaction(async (transaction) => {
      await transaction.run(WAIT_FOR_NOBODY);
      const [lock] = await transaction.run<{ locked: boolean }>(TRY_LOCK);
      return lock?.locked ? await work(transaction) : null;
    });
  }
}

function idsOf(rows: readonly IdRow[]): string[] {
  return rows.map((row) => row.id);
}

function nextOf(ids: readonly string[]): string | null {
  return ids.length < CHUNK ? null : (ids.at(-1) ?? null);
}
