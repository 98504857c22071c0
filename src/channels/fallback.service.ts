import { Injectable } from '@nestjs/common';
import { contentOf } from './corrected.js';
import { missingContent } from './usable-content.js';
import { SENDER_VARIABLE, Senders } from './senders.js';
import type { UnsuccessfulWork, Work } from '../outbox/work.js';
import type { Channel } from '../policy/vocabulary.js';
import { channelsLeft } from './channels-left.js';

/**
 * Determines the next channel and its sender. Whether a fallback is due is the policy's decision (policy/next-step.ts);
 * this service knows the notification's order and the senders.
 */
@Injectable()
export class FallbackService {
  constructor(private readonly senders: Senders) {}

  /**
   * The channels that may still follow, in the caller's order. Omits channels that were tried, that have no sender, or
   * that have nothing to say: retention may have deleted what a human's correction did not replace.
   */
  remaining(work: Pick<Work, 'channels' | 'channel' | 'tried' | 'content' | 'changes'>): Channel[] {
    return channelsLeft(work).filter(
      (next) => this.senders.of(next) && missingContent([next], contentOf(work)).length === 0,
    );
  }

  /** Adds the next sender to a result that leads to a fallback. */
  prepared(result: UnsuccessfulWork): UnsuccessfulWork {
    return result.step.kind === 'fallback' ? { ...result, nextSender: this.senderOf(result.step.channel) } : result;
  }

  /** @throws Error if the channel has no sender; those that {@link remaining} names have one */
  senderOf(channel: Channel): string {
    const sender = this.senders.of(channel);
    if (!sender) throw new Error(`${channel} has no sender: set ${SENDER_VARIABLE[channel]}`);
    return sender;
  }
}
