import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import { Rounds } from '../concurrency/rounds.js';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { DatabaseClock } from '../database/database.clock.js';
import { IncidentToll } from '../incidents/incident.toll.js';
import { LOGGER } from '../logging/logger.js';
import { Outbox } from '../outbox/outbox.js';

const EVERY_MS = 500;
const EXPIRED_AT_ONCE = 500;

/** What must be looked after at times and is nobody's attempt: expired leases, expired notifications. */
@Injectable()
export class Caretaker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly rounds: Rounds;
  private stopped = false;

  constructor(
    private readonly outbox: Outbox,
    private readonly clock: DatabaseClock,
    private readonly toll: IncidentToll,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly log: Logger,
  ) {
    this.rounds = new Rounds(
      () => this.round(),
      (error) => log.error({ err: error }, 'the round of the caretaker failed; the next one follows'),
      EVERY_MS,
    );
  }

  onApplicationBootstrap(): void {
    if (this.configuration.env.ROLE !== 'api') this.rounds.start(EVERY_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    await this.rounds.stop();
  }

  /** Looks after all of it once. @returns milliseconds until it is due again. */
  async round(): Promise<number> {
    await this.clock.refresh();
    const rescued = await this.outbox.rescue();
    if (rescued > 0) this.log.warn({ rescued }, 'leases had expired; their attempts will be reconciled');
    await this.expire();
    return EVERY_MS;
  }

  /** All of it at once: what has expired lies in the way of whoever looks for what is due. */
  private async expire(): Promise<void> {
    let ended = EXPIRED_AT_ONCE;
    while (ended === EXPIRED_AT_ONCE && !this.stopped) {
      const work = await this.outbox.expire(EXPIRED_AT_ONCE);
      for (const { notificationId, movedTo } of work) {
        if (movedTo === 'expired') this.log.info({ notificationId, status: movedTo }, 'expired before it was accepted');
        else this.log.info({ notificationId, status: movedTo ?? undefined }, 'its fallback expired before it was sent');
      }
      await this.toll.note(work);
      ended = work.length;
    }
  }
}
