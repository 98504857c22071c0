import { Injectable } from '@nestjs/common';
import { newId } from '../identifiers/new-id.js';
import { Senders } from './senders.js';
import type { Work } from '../outbox/work.js';
import type { Channel } from '../policy/vocabulary.js';

/**
 * Which channel comes next, and who sends on it. Whether a fallback is due is the policy's decision
 * (policy/next-step.ts); this service knows the notification's order and the senders.
 */
@Injectable()
export class FallbackService {
  constructor(private readonly senders: Senders) {}

  /** The channels that may still follow, in the caller's order. A channel is never tried twice by itself. */
  remaining({ channels, channel, tried }: Pick<Work, 'channels' | 'channel' | 'tried'>): Channel[] {
    const position = channels.indexOf(channel);
    return channels.slice(position + 1).filter((next) => !tried?.includes(next) && this.senders.of(next));
  }

  /** The next delivery: its id is new, and with it the Idempotency-Key of its attempts. */
  prepare(channel: Channel): { deliveryId: string; sender: string } {
    return { deliveryId: newId(), sender: this.senders.require(channel) };
  }
}
