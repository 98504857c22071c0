import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import { Rounds } from '../concurrency/rounds.js';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { isLockTimeout } from '../database/sql-state.js';
import { LOGGER } from '../logging/logger.js';
import { loggableError } from '../problems/loggable-error.js';
import { RetentionChunks, type ChunkResult } from './retention.chunks.js';

const FIRST_ROUND_MS = 60_000;
const ROUND_MS = 300_000;

/** Leaves the disk to vacuum and everything else between chunks. */
const PAUSE_MS = 50;

/** How many notifications lost their bodies, and how many were deleted altogether. */
export interface RetentionRound {
  readonly bodies: number;
  readonly notifications: number;
}

/**
 * How a round ended. `completed`: nothing that was due is left. `elsewhere`: some of it was left to another replica.
 * `failed`: it broke off, or left something that somebody holds.
 */
export const ROUND_ENDS = ['completed', 'elsewhere', 'failed'] as const;
export type RoundEnd = (typeof ROUND_ENDS)[number];

/**
 * Deletes data whose retention period is over: the content of notifications after BODY_RETENTION_HOURS, whole
 * notifications after HISTORY_RETENTION_DAYS. Runs where work is done, on one replica at a time.
 */
@Injectable()
export class Retention implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly rounds: Rounds;
  private readonly listeners = new Set<(end: RoundEnd) => void>();
  private end: RoundEnd = 'completed';

  constructor(
    private readonly chunks: RetentionChunks,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly log: Logger,
  ) {
    this.rounds = new Rounds(
      () => this.roundInTurn(),
      // Nothing is lost by waiting for the next round.
      (error) => log.warn({ err: loggableError(error) }, 'a round of retention broke off; the next one goes on'),
      ROUND_MS,
    );
  }

  onApplicationBootstrap(): void {
    if (this.configuration.env.ROLE !== 'api') this.rounds.start(FIRST_ROUND_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.rounds.stop();
  }

  /** @param listener hears how each round ended; must not throw */
  subscribe(listener: (end: RoundEnd) => void): void {
    this.listeners.add(listener);
  }

  /** Deletes everything that is due, chunk by chunk; ends early if another replica is at it or this one stops. */
  async round(): Promise<RetentionRound> {
    this.end = 'completed';
    try {
      return await this.steps();
    } catch (error) {
      this.end = 'failed';
      throw error;
    } finally {
      for (const listener of this.listeners) listener(this.end);
    }
  }

  private async steps(): Promise<RetentionRound> {
    const later = await this.through((after) => this.chunks.laterBodies(after));
    const bodies = await this.through(() => this.chunks.bodies());
    const notifications = await this.through((after) => this.chunks.history(after));
    await this.through(() => this.chunks.replays());
    await this.through(() => this.chunks.unavailableChannels());
    return { bodies: later + bodies, notifications };
  }

  private async through(chunk: (after: string | null) => Promise<ChunkResult | null>): Promise<number> {
    let touched = 0;
    let after: string | null = null;
    while (!this.rounds.stopping.aborted) {
      const result: ChunkResult | null = await this.unlessHeld(chunk(after));
      touched += result?.touched ?? 0;
      after = result?.next ?? null;
      if (after === null) break;
      await delay(PAUSE_MS, undefined, { signal: this.rounds.stopping }).catch(() => undefined);
    }
    return touched;
  }

  /** Null if a chunk met a locked row: its work waits for the next round, while the other steps continue. */
  private async unlessHeld(chunk: Promise<ChunkResult | null>): Promise<ChunkResult | null> {
    try {
      const result = await chunk;
      if (result === null && this.end === 'completed') this.end = 'elsewhere';
      return result;
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
      this.end = 'failed';
      this.log.warn({ err: loggableError(error) }, 'retention met a row that somebody holds; the next round goes on');
      return null;
    }
  }

  private async roundInTurn(): Promise<number> {
    const { bodies, notifications } = await this.round();
    if (bodies > 0 || notifications > 0) this.log.info({ bodies, notifications }, 'deleted what is kept no longer');
    return ROUND_MS;
  }
}
