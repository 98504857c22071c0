import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Configuration } from '../../config/configuration.js';
import { CONFIGURATION } from '../../config/configuration.js';
import { LOGGER } from '../../logging/logger.js';
import { loggableError } from '../../problems/loggable-error.js';
import { ReplayStep } from './replay.step.js';

/** How long a replay that was started elsewhere may wait to be noticed. */
const POLL_MS = 500;
const TROUBLE_MS = 1000;

/**
 * Keeps replays going, on every replica that works. All state is in the database, so a replay survives a restart, and
 * replicas share its rate.
 */
@Injectable()
export class ReplayKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | null = null;
  private step: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly replays: ReplayStep,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  onApplicationBootstrap(): void {
    if (this.configuration.env.ROLE !== 'api') this.after(0);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
    await this.step;
  }

  private after(ms: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.step = this.go().then((wait) => this.after(wait));
    }, ms);
  }

  /** @returns milliseconds until it is worth looking again. */
  private async go(): Promise<number> {
    try {
      const dueInMs = await this.replays.take();
      return Math.min(POLL_MS, Math.max(0, dueInMs ?? POLL_MS));
    } catch (error) {
      this.log.error({ err: loggableError(error) }, 'a replay could not go on; trying again');
      return TROUBLE_MS;
    }
  }
}
