import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { LOGGER } from '../logging/logger.js';
import { addressOn } from '../policy/address.js';
import type { Channel } from '../policy/vocabulary.js';
import type { BlockingPace, Departure } from './circuit.passage.js';
import { paceId, type CircuitScope } from './circuit.scope.js';
import { maskScope, maskSender } from './circuit.story.js';
import { unknownSenders } from './rated-senders.js';

/** What a sender may send in a second, over all replicas. */
export interface Pace {
  /** `+1…`, `whatsapp:+1…` or `voice:+1…`, as SENDER_RATES names it. */
  readonly sender: string;
  readonly scope: CircuitScope;
  /** What held rows point to while they wait for their turn. */
  readonly holdId: string;
  readonly perSecond: number;
}

/** Which senders have a pace. What they send waits for its turn, which the pacer gives. */
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
      scope: `sender:${sender}` as const,
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

  /** Calls have the pace of their number, unless they are named apart: then they have that one alone. */
  of(channel: Channel, sender: string): Pace | undefined {
    if (channel === 'whatsapp') return this.bySender.get(addressOn(channel, sender));
    const ofCalls = channel === 'voice' ? this.bySender.get(`voice:${sender}`) : undefined;
    return ofCalls ?? this.bySender.get(sender);
  }

  find(holdId: string): Pace | undefined {
    return this.all.find((pace) => pace.holdId === holdId);
  }

  /** The pace that this send has to wait for; null when it has none, or when it is its turn. */
  blocking(work: Departure): BlockingPace | null {
    const pace = this.bySender.size === 0 ? undefined : this.of(work.channel, work.sender);
    if (!pace || work.probe || work.releasedBy === pace.holdId) return null;
    this.someoneWaits();
    return {
      holdId: pace.holdId,
      scope: maskScope(pace.scope),
      cause: 'pace',
      reason: `SENDER_RATES lets it send ${pace.perSecond} per second`,
      incidentId: null,
      lasting: false,
    };
  }

  /** Calls `handler` whenever something begins to wait for its turn here. */
  onWaiting(handler: () => void): void {
    this.someoneWaits = handler;
  }
}
