import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { LOGGER } from '../logging/logger.js';
import { loggableError } from '../problems/loggable-error.js';
import { CircuitStore } from './circuit.store.js';
import { OVER_INCIDENTS } from './incident.timeline.sql.js';
import { IncidentTimeline } from './incident.timeline.js';
import { ProviderHealth } from './provider.health.js';
import { Rounds } from '../concurrency/rounds.js';

const EVERY_MS = 60_000;

/** Deletes counts older than any window, and ends incidents whose end was missed. */
@Injectable()
export class IncidentHousekeeping implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly rounds: Rounds;

  constructor(
    private readonly store: CircuitStore,
    private readonly timeline: IncidentTimeline,
    private readonly health: ProviderHealth,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) log: Logger,
  ) {
    this.rounds = new Rounds(
      () => this.round(),
      (error) =>
        log.warn({ err: loggableError(error) }, 'the housekeeping of incidents failed; the next round follows'),
      EVERY_MS,
    );
  }

  onApplicationBootstrap(): void {
    if (this.configuration.env.ROLE !== 'api') this.rounds.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.rounds.stop();
  }

  private async round(): Promise<number> {
    await this.health.forget();
    await this.store.exclusively(async (transaction) => {
      for (const { id } of await transaction.run<{ id: string }>(OVER_INCIDENTS)) {
        await this.timeline.endIfOver(transaction, id);
      }
    });
    return EVERY_MS;
  }
}
