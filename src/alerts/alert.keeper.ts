import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { Rounds } from '../concurrency/rounds.js';
import { LOGGER } from '../logging/logger.js';
import { loggableError } from '../problems/loggable-error.js';
import { AlertRegister } from './alert.register.js';
import { BacklogWatch } from './backlog.watch.js';

/** How often the alerts are looked after, by one replica or another. */
const TURN_MS = 5000;
const POLL_MS = 1000;

/**
 * Notices what nothing else reports: a backlog, and silence after an error. Runs in every role, since the first thing a
 * backlog may mean is that no worker runs.
 */
@Injectable()
export class AlertKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly rounds: Rounds;

  constructor(
    private readonly register: AlertRegister,
    private readonly backlog: BacklogWatch,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) log: Logger,
  ) {
    this.rounds = new Rounds(
      () => this.round(),
      (error) => log.error({ err: loggableError(error) }, 'the keeper of the alerts failed; the next round follows'),
    );
  }

  onApplicationBootstrap(): void {
    this.rounds.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.rounds.stop();
  }

  private async round(): Promise<number> {
    if (await this.register.takeTurn(TURN_MS)) {
      await this.backlog.look();
      await this.register.resolveQuiet();
      await this.register.forget(this.configuration.env.HISTORY_RETENTION_DAYS);
    }
    return POLL_MS;
  }
}
