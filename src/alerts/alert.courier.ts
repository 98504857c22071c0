import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Logger } from 'pino';
import { newId } from '../identifiers/new-id.js';
import { CONFIGURATION, type Configuration } from '../config/configuration.js';
import { Database } from '../database/database.js';
import { inTime } from '../concurrency/in-time.js';
import { Rounds } from '../concurrency/rounds.js';
import { LOGGER } from '../logging/logger.js';
import { loggableError } from '../problems/loggable-error.js';
import { CLAIM_NEWS, ENROL, LEAVE_ALONE, NOT_TOLD, TOLD, UNPARK } from './alert.courier.sql.js';
import type { AlertNews } from './alert.news.js';
import { linkToAlert } from './console.link.js';
import { COURIER_LIMITS, waitAfterFailure } from './courier.policy.js';
import { SINKS, SinkError, type Sink, type SinkName } from './sinks/sink.js';
import { SinkHttp } from './sinks/sink.http.js';

const POLL_MS = 500;

type ClaimedNews = Omit<AlertNews, 'link'> & { readonly sink: SinkName; readonly failures: number };

/**
 * Brings the news to the sinks. Each sink is on its own: one that hangs or is away is tried again later and delays
 * nothing, neither another sink nor a send. Several replicas share the work by leases.
 */
@Injectable()
export class AlertCourier implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly rounds: Rounds;
  private readonly onTheirWay = new Set<Promise<void>>();
  private readonly inFlight = new Map<SinkName, number>();
  private unparked = false;

  constructor(
    private readonly database: Database,
    @Inject(SINKS) private readonly sinks: readonly Sink[],
    @Inject(SinkHttp) private readonly http: SinkHttp,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly log: Logger,
  ) {
    this.rounds = new Rounds(
      () => this.round(),
      (error) => log.error({ err: loggableError(error) }, 'alerts could not be delivered; the next round follows'),
    );
  }

  onApplicationBootstrap(): void {
    this.rounds.start();
  }

  /** Lets news that is on its way arrive, unless a sink hangs: dispatch waits for this before it gives back its work. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.rounds.stop();
    await inTime(Promise.allSettled(this.onTheirWay), COURIER_LIMITS.goodbyeMs);
  }

  /** Breaks off the rest, and records that it was not told: another replica tells it. */
  async onApplicationShutdown(): Promise<void> {
    await this.http.close();
    await Promise.allSettled(this.onTheirWay);
  }

  private async round(): Promise<number> {
    const names = this.sinks.map(({ name }) => name);
    if (!this.unparked) {
      await this.database.run(UNPARK, [names]);
      this.unparked = true;
    }
    await this.database.run(ENROL, [names]);
    const free = this.sinks.filter((sink) => this.roomFor(sink) > 0);
    if (free.length > 0) await this.claim(free);
    return POLL_MS;
  }

  private roomFor({ name }: Sink): number {
    return COURIER_LIMITS.inFlightPerSink - (this.inFlight.get(name) ?? 0);
  }

  private async claim(free: readonly Sink[]): Promise<void> {
    const leaseToken = newId();
    const news = await this.database.run<ClaimedNews>(CLAIM_NEWS, [
      free.map(({ name }) => name),
      free.map(({ updateAfterMs }) => updateAfterMs),
      free.map(({ repeatAfterMs }) => repeatAfterMs),
      free.map((sink) => this.roomFor(sink)),
      leaseToken,
      COURIER_LIMITS.leaseMs,
    ]);
    for (const piece of news) this.start(piece, leaseToken);
  }

  private start(piece: ClaimedNews, leaseToken: string): void {
    const sink = this.sinks.find(({ name }) => name === piece.sink);
    if (!sink) return;
    this.inFlight.set(sink.name, (this.inFlight.get(sink.name) ?? 0) + 1);
    const way: Promise<void> = this.bring(sink, piece, leaseToken)
      .catch((error: unknown) => {
        // It is told again once the lease has run out.
        this.log.error(
          { err: loggableError(error), sink: sink.name },
          'what a sink was told could not be recorded; it will be told again',
        );
      })
      .finally(() => {
        this.onTheirWay.delete(way);
        this.inFlight.set(sink.name, (this.inFlight.get(sink.name) ?? 1) - 1);
      });
    this.onTheirWay.add(way);
  }

  private async bring(sink: Sink, { failures, ...piece }: ClaimedNews, leaseToken: string): Promise<void> {
    const { id, change, version, severity } = piece;
    try {
      await sink.tell({ ...piece, link: linkToAlert(this.configuration, id) });
    } catch (error) {
      await this.notTold(sink, id, leaseToken, failures, error);
      return;
    }
    const told = change === 'resolved' ? 'resolved' : 'opened';
    await this.database.run(TOLD, [id, sink.name, leaseToken, told, version, severity]);
  }

  private async notTold(sink: Sink, id: string, leaseToken: string, failures: number, error: unknown): Promise<void> {
    const reason = error instanceof SinkError ? error.message : 'The news could not be put into words for it';
    const askedMs = error instanceof SinkError ? (error.retryAfterMs ?? 0) : 0;
    const waitMs = waitAfterFailure(failures, Math.random(), askedMs, sink.repeatAfterMs);
    const [written] = await this.database.run<{ parked: boolean }>(NOT_TOLD, [
      id,
      sink.name,
      leaseToken,
      reason,
      waitMs,
      COURIER_LIMITS.givesUpAfterHours,
    ]);
    if (askedMs > 0) await this.database.run(LEAVE_ALONE, [sink.name, Math.min(askedMs, waitMs)]);
    this.log.warn(
      {
        alertId: id,
        sink: sink.name,
        reason,
        ...(error instanceof SinkError ? {} : { err: loggableError(error) }),
        ...(written?.parked ? {} : { againInMs: waitMs }),
      },
      written?.parked
        ? 'a sink took no news of an alert for a day; it is given up'
        : 'a sink did not take an alert yet',
    );
  }
}
