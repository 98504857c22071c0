import { Inject, Injectable } from '@nestjs/common';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { Database } from '../database/database.js';
import { ReceiptQuestion, type MissingReceipt } from './receipt.question.js';
import { AWAITED_ATTEMPTS } from './receipt.sql.js';

/** The next channel waits no longer than this for an answer. */
const ASK_WITHIN_MS = 3000;

type AwaitedAttempt = MissingReceipt & { readonly seconds: number };

/**
 * A callback that was lost makes a message look undelivered, and fallbackAfterSeconds would send it a second time. So the
 * provider is asked before the next channel takes over, also if the first callbacks came: the last one may be the one
 * that found this service down.
 */
@Injectable()
export class OverdueReceipt {
  constructor(
    private readonly database: Database,
    private readonly question: ReceiptQuestion,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  /** The provider's answer has been applied when this resolves; without an answer, everything proceeds as usual. */
  async ask(notificationId: string): Promise<void> {
    if (this.configuration.env.RECEIPT_CHECK_MINUTES === 0) return;
    const awaited = await this.database.run<AwaitedAttempt>(AWAITED_ATTEMPTS, [notificationId]);
    await Promise.all(
      awaited.map((attempt) => this.question.ask(attempt, `${attempt.seconds} s`, AbortSignal.timeout(ASK_WITHIN_MS))),
    );
  }
}
