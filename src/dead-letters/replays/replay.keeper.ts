import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import { Rounds } from '../../concurrency/rounds.js';
import type { Configuration } from '../../config/configuration.js';
import { CONFIGURATION } from '../../config/configuration.js';
import { LOGGER } from '../../logging/logger.js';
import { loggableError } from '../../problems/loggable-error.js';
import { ReplayStep } from './replay.step.js';

/** How long a new replay may wait to be noticed, in milliseconds. */
const POLL_MS = 500;
const AFTER_ERROR_MS = 1000;

/**
 * Keeps replays going on every replica except those with ROLE=api. All state is in the database, so a replay survives a
 * restart, and replicas share its rate.
 */
@Injectable()
export class ReplayKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly rounds: Rounds;

  constructor(
    private readonly step: ReplayStep,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) log: Logger,
  ) {
    this.rounds = new Rounds(
      () => this.round(),
      (error) => log.error({ err: loggableError(error) }, 'a replay could not go on; trying again'),
      AFTER_ERROR_MS,
    );
  }

  onApplicationBootstrap(): void {
    if (this.configuration.env.ROLE !== 'api') this.rounds.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.rounds.stop();
  }

  /** @returns milliseconds until it is worth looking again. */
  private async round(): Promise<number> {
    const dueInMs = await this.step.take();
    return Math.min(POLL_MS, Math.max(0, dueInMs ?? POLL_MS));
  }
}
