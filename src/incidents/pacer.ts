import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { Database } from '../database/database.js';
import { LOGGER } from '../logging/logger.js';
import { Outbox } from '../outbox/outbox.js';
import type { ReleasedWork } from '../outbox/work.js';
import { loggableError } from '../problems/loggable-error.js';
import { GIVE_SENDS_BACK, OWE_SEND, SEED_PACES, TAKE_SENDS } from './pace.sql.js';
import { Paces, type Pace } from './paces.js';
import { Rounds } from '../concurrency/rounds.js';

const IDLE_MS = 500;
const SHORTEST_MS = 20;
/** Time for work that was just stopped to be stored as held. */
const UNTIL_HELD_MS = 20;
const LARGEST_RELEASE = 500;

/**
 * Gives work waiting for a sender's pace its turn, in priority order, as fast as the pace allows across all replicas.
 */
@Injectable()
export class Pacer implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly rounds: Rounds;
  private soon: NodeJS.Timeout | null = null;

  constructor(
    private readonly paces: Paces,
    private readonly outbox: Outbox,
    private readonly database: Database,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) log: Logger,
  ) {
    this.rounds = new Rounds(
      () => this.round(),
      (error) => log.error({ err: loggableError(error) }, 'the pacer failed; the next round follows'),
    );
  }

  async onModuleInit(): Promise<void> {
    const { all } = this.paces;
    if (this.configuration.env.ROLE === 'api' || all.length === 0) return;
    await this.database.run(SEED_PACES, [
      all.map(({ sender }) => sender),
      all.map(({ holdId }) => holdId),
      all.map(({ perSecond }) => perSecond),
    ]);
  }

  onApplicationBootstrap(): void {
    if (this.configuration.env.ROLE === 'api' || this.paces.all.length === 0) return;
    this.paces.onWaiting(() => this.lookSoon());
    this.rounds.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.soon) clearTimeout(this.soon);
    await this.rounds.stop();
  }

  /** Charges a probe to the pace: it does not wait for its turn, so the next in line waits for it. */
  async owe({ channel, sender }: ReleasedWork): Promise<void> {
    const pace = this.paces.of(channel, sender);
    if (pace) await this.database.run(OWE_SEND, [pace.holdId]);
  }

  private lookSoon(): void {
    this.soon ??= setTimeout(() => {
      this.soon = null;
      this.rounds.nudge();
    }, UNTIL_HELD_MS);
  }

  private async round(): Promise<number> {
    const holders = await this.outbox.holders();
    const waiting = this.paces.all.filter(({ holdId }) => holders.has(holdId));
    for (const pace of waiting) await this.giveTurns(pace);
    const fastest = Math.max(0, ...waiting.map(({ perSecond }) => perSecond));
    return fastest === 0 ? IDLE_MS : Math.min(IDLE_MS, Math.max(SHORTEST_MS, 1000 / fastest));
  }

  private async giveTurns({ holdId }: Pace): Promise<void> {
    const [row] = await this.database.run<{ taken: number }>(TAKE_SENDS, [holdId, LARGEST_RELEASE]);
    if (!row || row.taken === 0) return;
    const released = await this.outbox.release(holdId, row.taken);
    const unused = row.taken - released.length;
    if (unused > 0) await this.database.run(GIVE_SENDS_BACK, [holdId, unused]);
  }
}
