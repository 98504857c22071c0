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
import { DatabaseClock } from '../database/database.clock.js';
import { Listener } from '../database/listener.js';
import { LOGGER } from '../logging/logger.js';
import { CHANNELS } from '../policy/vocabulary.js';
import { loggableError } from '../problems/loggable-error.js';
import { CircuitBoard } from './circuit.board.js';
import { circuitOfRow } from './circuit.row.js';
import { accountScope, kindOf, resourceScope, senderScope, type CircuitScope } from './circuit.scope.js';
import { CircuitStore } from './circuit.store.js';
import { CircuitWriter } from './circuit.writer.js';
import { fingerprintOf } from './credentials.fingerprint.js';
import { Rounds } from '../concurrency/rounds.js';

/** Interval between two readings of the database, regardless of announcements. */
const POLL_MS = 500;

/** Keeps this replica's view of the circuits up to date: on each announcement, and by polling. */
@Injectable()
export class CircuitWatch implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly rounds: Rounds;
  private readonly credentials: string;

  constructor(
    private readonly board: CircuitBoard,
    private readonly store: CircuitStore,
    private readonly writer: CircuitWriter,
    private readonly clock: DatabaseClock,
    private readonly listener: Listener,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) log: Logger,
  ) {
    this.credentials = fingerprintOf(configuration.twilio);
    this.rounds = new Rounds(
      () => this.look(),
      (error) =>
        log.warn({ err: loggableError(error) }, 'the circuits could not be read; what is known stays in force'),
    );
  }

  /** Loads the circuits before anything is sent. */
  async onModuleInit(): Promise<void> {
    this.listener.on('postrider_circuits', () => this.rounds.nudge());
    await this.store.seed(this.knownScopes());
    await this.look();
  }

  onApplicationBootstrap(): void {
    this.rounds.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.rounds.stop();
  }

  private async look(): Promise<number> {
    const asOf = this.board.beforeReading();
    const { rows, now } = await this.store.load();
    if (now) this.clock.set(now);
    this.board.take(
      rows.map((row) => ({ scope: row.scope, circuit: circuitOfRow(row) })),
      asOf,
    );
    if (this.configuration.env.ROLE !== 'api') this.offerCredentials();
    return POLL_MS;
  }

  /**
   * Has an effect only where other credentials were refused, including those of another account whose held sends now go
   * out with this one. A replica that sends nothing could not try its own.
   */
  private offerCredentials(): void {
    for (const { scope } of this.board.known()) {
      if (kindOf(scope) !== 'account') continue;
      this.writer.happen(scope, { kind: 'credentials_changed', credentials: this.credentials });
    }
  }

  private knownScopes(): CircuitScope[] {
    const { accountSid, senders } = this.configuration.twilio;
    const configured = CHANNELS.flatMap((channel) => {
      const sender = senders[channel];
      return sender ? [senderScope(channel, sender)] : [];
    });
    return [...new Set([accountScope(accountSid), ...CHANNELS.map(resourceScope), ...configured])];
  }
}
