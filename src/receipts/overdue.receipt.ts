import { Inject, Injectable } from '@nestjs/common';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { Database } from '../database/database.js';
import { ReceiptQuestion, type MissingReceipt } from './receipt.question.js';
import { SILENT_ATTEMPTS } from './receipt.sql.js';

/** The next channel waits no longer than this for an answer. */
const ASK_WITHIN_MS = 3000;

type SilentAttempt = MissingReceipt & { readonly seconds: number };

/**
 * If callbacks do not arrive, everything looks undelivered, and fallbackAfterSeconds would send it all a second time.
 * So the provider is asked about a channel that stayed silent before the next one takes over.
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
    const silent = await this.database.run<SilentAttempt>(SILENT_ATTEMPTS, [notificationId]);
    await Promise.all(
      silent.map((attempt) => this.question.ask(attempt, `${attempt.seconds} s`, AbortSignal.timeout(ASK_WITHIN_MS))),
    );
  }
}
