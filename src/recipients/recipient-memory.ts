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

/** What failed, as far as it says something of the recipient. */
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
 * Remembers of recipients what spares them and us a useless send: who opted out of which sender, and who is not on which
 * channel. Every method takes the transaction in which the reason for it is written, or begins one.
 */
@Injectable()
export class RecipientMemory {
  constructor(
    private readonly database: Database,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** Draws the lesson of a failure, if it holds one. */
  async learn(transaction: Transaction, failure: RecipientFailure): Promise<void> {
    const { sender, recipient, channel, attemptStartedAt: since, classification } = failure;
    if (classification.errorClass !== 'opted_out') return this.learnOfChannel(transaction, failure);
    await this.optedOut(transaction, { channel, sender, recipient, reason: classification.rule, since });
  }

  /**
   * {@link learn}, for whoever writes the failure down afterwards: who has seen it fail sends nothing more in vain. Never
   * rejects: what could not be remembered, the next failure teaches again.
   */
  async learnFirst(failure: RecipientFailure): Promise<void> {
    try {
      if (failure.classification.errorClass !== 'opted_out') await this.learnOfChannel(this.database, failure);
      else await this.database.transaction((transaction) => this.learn(transaction, failure));
    } catch (error) {
      this.log.warn({ err: loggableError(error) }, 'what a failure said of its recipient could not be remembered');
    }
  }

  private async learnOfChannel(runner: StatementRunner, failure: RecipientFailure): Promise<void> {
    const { recipient, channel, errorCode, classification } = failure;
    if (errorCode !== null && classification.notOnChannel) {
      await this.notOnChannel(runner, { recipient, channel, errorCode });
    }
  }

  /**
   * Nothing is sent from this sender to this recipient any more, until they opt in or an operator lifts it.
   * @param since when what was refused began: who opted in after that has opted out no more. Null: they say so now.
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

  /** For UNAVAILABLE_CHANNEL_HOURS, work that has another channel skips this one. */
  private async notOnChannel(
    runner: StatementRunner,
    known: { readonly recipient: string; readonly channel: Channel; readonly errorCode: number },
  ): Promise<void> {
    const hours = this.configuration.env.UNAVAILABLE_CHANNEL_HOURS;
    if (hours === 0) return;
    await runner.run(REMEMBER_NOT_ON_CHANNEL, [recipientName(known.recipient), known.channel, known.errorCode, hours]);
  }

  /** @returns what the pair is called in the table */
  private async lock(transaction: Transaction, pair: SenderAndRecipient): Promise<readonly [string, string]> {
    const names = [senderName(pair), recipientName(pair.recipient)] as const;
    await transaction.run(LOCK_PAIR, names);
    return names;
  }
}

/** As SENDER_RATES names it: on WhatsApp a number is another sender, which people block without meaning its SMS. */
function senderName({ channel, sender }: Pick<SenderAndRecipient, 'channel' | 'sender'>): string {
  return addressOn(channel, bareAddress(sender));
}

function recipientName(recipient: string): string {
  return canonicalNumber(bareAddress(recipient));
}
