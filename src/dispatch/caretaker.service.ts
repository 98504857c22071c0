import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import { Rounds } from '../concurrency/rounds.js';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { DatabaseClock } from '../database/database.clock.js';
import { IncidentToll } from '../incidents/incident.toll.js';
import { LOGGER } from '../logging/logger.js';
import { ExpiryError } from '../outbox/expiry.js';
import { Outbox } from '../outbox/outbox.js';
import { faultWithoutWords } from '../problems/loggable-error.js';
import { SetAside } from './set-aside.js';

const EVERY_MS = 500;
const EXPIRED_AT_ONCE = 500;
/** Per round, once a page has failed: the caretaker's other work must not wait long. */
const EXPIRED_ONE_BY_ONE = 50;
const SET_ASIDE_FOR_MS = 60_000;

/** Looks after what no attempt takes care of: expired leases and expired notifications. */
@Injectable()
export class Caretaker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly rounds: Rounds;
  /** Notifications whose expiry failed. */
  private readonly failed = new SetAside(SET_ASIDE_FOR_MS, EXPIRED_AT_ONCE);

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
    await this.rounds.stop();
  }

  /** Looks after everything once. @returns milliseconds until the next round. */
  async round(): Promise<number> {
    // A failure of one must not keep the others waiting for ever.
    await this.inTurn('expired leases could not be taken back', () => this.rescue());
    await this.inTurn('the clock of the database could not be read', () => this.clock.refresh());
    await this.inTurn('expired notifications could not be ended', () => this.expire());
    return EVERY_MS;
  }

  private async inTurn(otherwise: string, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.log.error({ err: error }, `${otherwise}; the next round tries again`);
    }
  }

  private async rescue(): Promise<void> {
    const rescued = await this.outbox.rescue();
    if (rescued > 0) this.log.warn({ rescued }, 'leases had expired; their attempts will be reconciled');
  }

  /** All of it in one round: claims must step over expired rows. */
  private async expire(): Promise<void> {
    let ended = EXPIRED_AT_ONCE;
    while (ended === EXPIRED_AT_ONCE && !this.rounds.stopping.aborted) {
      try {
        ended = await this.expirePage(EXPIRED_AT_ONCE);
      } catch (error) {
        if (!(error instanceof ExpiryError)) throw error;
        await this.expireOneByOne(Math.min(error.notificationIds.length, EXPIRED_ONE_BY_ONE));
        ended = 0;
      }
    }
  }

  private async expirePage(page: number): Promise<number> {
    const work = await this.outbox.expire(page, this.failed.ids(this.clock.now()));
    for (const { notificationId, movedTo } of work) {
      if (movedTo === 'expired') this.log.info({ notificationId, status: movedTo }, 'expired before it was accepted');
      else this.log.info({ notificationId, status: movedTo ?? undefined }, 'its fallback expired before it was sent');
    }
    await this.toll.note(work);
    return work.length;
  }

  /** Finds the rows that make the others fail. */
  private async expireOneByOne(count: number): Promise<void> {
    for (let done = 0; done < count && !this.rounds.stopping.aborted; done += 1) {
      try {
        await this.expirePage(1);
      } catch (error) {
        if (!(error instanceof ExpiryError)) throw error;
        for (const notificationId of error.notificationIds) {
          this.failed.add(notificationId, this.clock.now());
          const err = faultWithoutWords(error.cause);
          this.log.error({ err, notificationId }, 'it expired and could not be ended; it is tried again in a minute');
        }
      }
    }
  }
}
