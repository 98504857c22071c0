import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { Database, type StatementRunner, type Transaction } from '../database/database.js';
import { LOGGER } from '../logging/logger.js';
import { addressOn, bareAddress, canonicalNumber } from '../policy/address.js';
import type { Classification } from '../policy/failure.js';
import type { Channel } from '../policy/vocabulary.js';
import { loggableError } from '../problems/loggable-error.js';
import { LOCK_PAIR, OPT_IN, REMEMBER_NOT_ON_CHANNEL, SUPPRESS } from './recipient-memory.sql.js';

/** The parts of a failure that may say something about the recipient. */
export interface RecipientFailure {
  /** A number or a Messaging Service sid. */
  readonly sender: string;
  /** E.164 */
  readonly recipient: string;
  readonly channel: Channel;
  readonly errorCode: number | null;
  readonly attemptStartedAt: Date;
  readonly classification: Pick<Classification, 'errorClass' | 'rule' | 'notOnChannel'>;
}

/** Both with or without `whatsapp:`. */
interface SenderAndRecipient {
  readonly channel: Channel;
  readonly sender: string;
  readonly recipient: string;
}

/**
 * Remembers what spares recipients and us useless sends: who opted out of which sender, and who is not on which
 * channel. Every method runs in the transaction that records the reason, or begins its own.
 */
@Injectable()
export class RecipientMemory {
  constructor(
    private readonly database: Database,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** Remembers what a failure says about the recipient, if anything. */
  async learn(transaction: Transaction, failure: RecipientFailure): Promise<void> {
    const { sender, recipient, channel, attemptStartedAt: since, classification } = failure;
    if (classification.errorClass !== 'opted_out') return this.learnOfChannel(transaction, failure);
    await this.optedOut(transaction, { channel, sender, recipient, reason: classification.rule, since });
  }

  /**
   * {@link learn}, to be called before the failure is recorded: whoever sees the failure then sends nothing more in
   * vain. Never rejects: the next failure teaches whatever could not be stored.
   */
  async learnFirst(failure: RecipientFailure): Promise<void> {
    try {
      if (failure.classification.errorClass !== 'opted_out') await this.learnOfChannel(this.database, failure);
      else await this.database.transaction((transaction) => this.learn(transaction, failure));
    } catch (error) {
      this.log.warn({ err: loggableError(error) }, 'what a failure said of its recipient could not be remembered');
    }
  }

  /** For UNAVAILABLE_CHANNEL_HOURS, work that has another channel skips one that its recipient is not on. */
  private async learnOfChannel(runner: StatementRunner, failure: RecipientFailure): Promise<void> {
    const { recipient, channel, errorCode, classification } = failure;
    const hours = this.configuration.env.UNAVAILABLE_CHANNEL_HOURS;
    if (errorCode === null || !classification.notOnChannel || hours === 0) return;
    await runner.run(REMEMBER_NOT_ON_CHANNEL, [recipientName(recipient), channel, errorCode, hours]);
  }

  /**
   * Stops all sends from this sender to this recipient until they opt in or an operator lifts it.
   * @param since when the refused attempt began: an opt-in after that prevails. Null for an opt-out made now.
   */
  async optedOut(
    transaction: Transaction,
    { reason, since, ...pair }: SenderAndRecipient & { readonly reason: string; readonly since: Date | null },
  ): Promise<void> {
    const names = await this.lock(transaction, pair);
    await transaction.run(SUPPRESS, [...names, reason, since]);
  }

  async optedIn(
    transaction: Transaction,
    { by, ...pair }: SenderAndRecipient & { readonly by: string },
  ): Promise<void> {
    const names = await this.lock(transaction, pair);
    await transaction.run(OPT_IN, [...names, by]);
  }

  /** @returns the names of the pair in the table */
  private async lock(transaction: Transaction, pair: SenderAndRecipient): Promise<readonly [string, string]> {
    const names = [senderName(pair), recipientName(pair.recipient)] as const;
    await transaction.run(LOCK_PAIR, names);
    return names;
  }
}

/** Named as in SENDER_RATES: on WhatsApp, a number is a separate sender, which people block without meaning its SMS. */
function senderName({ channel, sender }: Pick<SenderAndRecipient, 'channel' | 'sender'>): string {
  return addressOn(channel, bareAddress(sender));
}

function recipientName(recipient: string): string {
  return canonicalNumber(bareAddress(recipient));
}
