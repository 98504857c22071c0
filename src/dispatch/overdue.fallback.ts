import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import { Rounds } from '../concurrency/rounds.js';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { Database, type Transaction } from '../database/database.js';
import { carriedTo } from '../outbox/carried-changes.js';
import { DecisionLog } from '../explain/decision.log.js';
import { LOGGER } from '../logging/logger.js';
import { Outbox } from '../outbox/outbox.js';
import type { OverdueDelivery, TakenDelivery } from '../outbox/work.js';
import type { Channel } from '../policy/vocabulary.js';
import { faultWithoutWords } from '../problems/loggable-error.js';
import { OverdueReceipt } from '../receipts/overdue.receipt.js';
import { FallbackService } from '../channels/fallback.service.js';
import { Journal } from './journal.js';

const EVERY_MS = 500;
/** The provider may have to be asked about each. */
const AT_ONCE = 8;

/**
 * Gives the next channel its turn when a delivery was accepted but not delivered within fallbackAfterSeconds. Runs in
 * rounds of its own, since its questions to the provider must not keep expired leases waiting.
 */
@Injectable()
export class OverdueFallback implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly rounds: Rounds;

  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly fallback: FallbackService,
    private readonly decisions: DecisionLog,
    private readonly receipt: OverdueReceipt,
    private readonly journal: Journal,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly log: Logger,
  ) {
    this.rounds = new Rounds(
      () => this.round(),
      (error) => log.error({ err: error }, 'a round of overdue fallbacks failed; the next one follows'),
      EVERY_MS,
    );
  }

  onApplicationBootstrap(): void {
    if (this.configuration.env.ROLE !== 'api') this.rounds.start(EVERY_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.rounds.stop();
  }

  private async round(): Promise<number> {
    let taken = AT_ONCE;
    while (taken === AT_ONCE && !this.rounds.stopping.aborted) {
      const overdue = await this.outbox.takeOverdue(AT_ONCE);
      await Promise.all(overdue.map((each) => this.lookAfter(each)));
      taken = overdue.length;
    }
    return EVERY_MS;
  }

  /** A delivery that cannot be looked after must not hold up the others: it is due again at `takenUntil`. */
  private async lookAfter(taken: TakenDelivery): Promise<void> {
    try {
      await this.fallBack(taken);
    } catch (error) {
      const { notificationId } = taken;
      this.log.error(
        { err: faultWithoutWords(error), notificationId },
        'an overdue fallback failed; it is tried again in a moment',
      );
    }
  }

  async fallBack(taken: TakenDelivery): Promise<void> {
    const { notificationId } = taken;
    await this.receipt.ask(notificationId);
    await this.database.transaction(async (transaction) => {
      const overdue = await this.outbox.lockOverdue(transaction, taken);
      if (!overdue) return;
      // A receipt or a late result may have come first.
      const [next] = overdue.status === 'sent' ? this.fallback.remaining(overdue) : [];
      if (next && !overdue.expired) {
        await this.tell(transaction, overdue, `${next} takes over`);
        await this.start(transaction, overdue, next);
        transaction.afterCommit(() => this.journal.overdue(overdue, next));
        return;
      }
      if (next) {
        await this.tell(transaction, overdue, `its expiresAt has passed, so ${next} does not take over any more`);
      }
      await this.outbox.stopWatching(transaction, notificationId);
    });
  }

  private tell(transaction: Transaction, overdue: OverdueDelivery, what: string): Promise<void> {
    const { channel, fallbackAfterSeconds } = overdue;
    return this.decisions.record(transaction, {
      ...overdue,
      rule: 'fallback after acceptance',
      sentence: `${channel} accepted it, but did not report it delivered in ${fallbackAfterSeconds} s: ${what}.`,
    });
  }

  private async start(transaction: Transaction, overdue: OverdueDelivery, channel: Channel): Promise<void> {
    const { notificationId, category } = overdue;
    const sender = this.fallback.senderOf(channel);
    const changes = carriedTo(overdue.changes);
    await this.outbox.startDelivery(transaction, { notificationId, category, channel, sender, changes });
  }
}
