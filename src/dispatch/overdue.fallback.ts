import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { Database } from '../database/database.js';
import { DecisionLog } from '../explain/decision.log.js';
import { LOGGER } from '../logging/logger.js';
import { Outbox } from '../outbox/outbox.js';
import { FallbackService } from '../channels/fallback.service.js';

/** Gives the next channel its turn when a delivery was accepted but not delivered in fallbackAfterSeconds. */
@Injectable()
export class OverdueFallback {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly fallback: FallbackService,
    private readonly decisions: DecisionLog,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  async fallBack(notificationId: string): Promise<void> {
    const channel = await this.database.transaction(async (transaction) => {
      const overdue = await this.outbox.lockOverdue(transaction, notificationId);
      if (!overdue) return null;
      const [next] = this.fallback.remaining(overdue);
      if (!next) {
        await this.outbox.stopWatching(transaction, notificationId);
        return null;
      }
      const { sender } = this.fallback.prepare(next);
      await this.decisions.record(transaction, {
        ...overdue,
        rule: 'fallback after acceptance',
        sentence: `${overdue.channel} accepted it, but did not report it delivered in ${overdue.fallbackAfterSeconds} s: ${next} takes over.`,
      });
      await this.outbox.startDelivery(transaction, { ...overdue, channel: next, sender });
      return next;
    });
    if (channel) this.log.info({ notificationId, nextStep: 'fallback', channel }, 'not delivered in time');
  }
}
