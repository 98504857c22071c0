import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { LOGGER } from '../logging/logger.js';
import { addressOn } from '../policy/address.js';
import type { Channel } from '../policy/vocabulary.js';
import type { BlockingPace, Departure } from './circuit.passage.js';
import { paceId } from './circuit.scope.js';
import { maskSender } from './circuit.story.js';
import { unknownSenders } from './rated-senders.js';

/** How many sends per second a sender may make, across all replicas. */
export interface Pace {
  /** `+1…`, `whatsapp:+1…` or `voice:+1…`, as named in SENDER_RATES. */
  readonly sender: string;
  /** The id that held rows point to while they wait for their turn. */
  readonly holdId: string;
  readonly perSecond: number;
}

/** The senders that have a pace. Their sends wait for a turn, which the pacer gives. */
@Injectable()
export class Paces implements OnModuleInit {
  readonly all: readonly Pace[];
  private readonly bySender: ReadonlyMap<string, Pace>;
  private someoneWaits: () => void = () => {};

  constructor(
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly log: Logger,
  ) {
    this.all = [...configuration.env.SENDER_RATES].map(([sender, perSecond]) => ({
      sender,
      holdId: paceId(sender),
      perSecond,
    }));
    this.bySender = new Map(this.all.map((pace) => [pace.sender, pace]));
  }

  onModuleInit(): void {
    for (const { sender, meant } of unknownSenders(this.bySender.keys(), this.configuration.twilio.senders)) {
      const hint = meant === null ? '' : `; did you mean ${maskSender(meant)}?`;
      this.log.warn(
        `SENDER_RATES names ${maskSender(sender)}, which is no configured sender: it slows nothing down${hint}`,
      );
    }
  }

  /** Calls share the pace of their number, unless SENDER_RATES names them separately; then only that pace applies. */
  of(channel: Channel, sender: string): Pace | undefined {
    if (channel === 'whatsapp') return this.bySender.get(addressOn(channel, sender));
    const ofCalls = channel === 'voice' ? this.bySender.get(`voice:${sender}`) : undefined;
    return ofCalls ?? this.bySender.get(sender);
  }

  find(holdId: string): Pace | undefined {
    return this.all.find((pace) => pace.holdId === holdId);
  }

  /** The pace that this send has to wait for; null if it has none, or if it is its turn. */
  blocking(work: Departure): BlockingPace | null {
    const pace = this.bySender.size === 0 ? undefined : this.of(work.channel, work.sender);
    if (!pace || work.probe || work.releasedBy === pace.holdId) return null;
    this.someoneWaits();
    return {
      holdId: pace.holdId,
      scope: `sender:${maskSender(pace.sender)}`,
      cause: 'pace',
      reason: `SENDER_RATES lets it send ${pace.perSecond} per second`,
      incidentId: null,
      lasting: false,
    };
  }

  /** Calls `handler` whenever work starts waiting for its turn on this replica. */
  onWaiting(handler: () => void): void {
    this.someoneWaits = handler;
  }
}
