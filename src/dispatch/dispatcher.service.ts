import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { DatabaseClock } from '../database/database.clock.js';
import { Circuits } from '../incidents/circuits.js';
import { LOGGER } from '../logging/logger.js';
import { Outbox, type Worker } from '../outbox/outbox.js';
import { WakeUp } from '../outbox/wake-up.js';
import type { NewNotification, Work } from '../outbox/work.js';
import { AttemptRunner } from './attempt.runner.js';
import { Recorder } from './recorder.js';

/** Looks for due work at least this often, whatever was or was not announced. */
const POLL_MS = 1000;
const DATABASE_AWAY_MS = 500;
/** Results in memory for each slot at most: beyond it the database is too slow to claim more. */
const UNSETTLED_PER_SLOT = 4;
const UNSETTLED_POLL_MS = 20;

/**
 * The loop: wake, claim, run, settle; drain at the end. Claims are limited by free slots, so the work in memory is
 * bounded, and they are made in batches: another claim waits until a quarter of the slots is free.
 */
@Injectable()
export class Dispatcher implements Worker, OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly running = new Set<Promise<void>>();
  /** Slots promised to a claim or to the intake while their statement is on its way. */
  private reserved = 0;
  private readonly slots: number;
  private readonly batch: number;
  /** True when the last claim left nothing due behind: what is accepted now overtakes nobody. */
  private caughtUp = false;
  private stopping = false;
  private loop: Promise<void> = Promise.resolve();
  private wake: () => void = () => {};
  private woken = false;

  constructor(
    private readonly outbox: Outbox,
    private readonly runner: AttemptRunner,
    private readonly recorder: Recorder,
    private readonly wakeUp: WakeUp,
    private readonly clock: DatabaseClock,
    private readonly circuits: Circuits,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly log: Logger,
  ) {
    this.slots = configuration.env.DISPATCH_CONCURRENCY;
    this.batch = Math.max(1, Math.floor(this.slots / 4));
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.configuration.env.ROLE === 'api') return;
    await this.clock.refresh();
    this.outbox.attach(this);
    this.wakeUp.onDueWork(() => this.wakeNow());
    this.loop = this.dispatch();
  }

  /** Stops claiming first, then waits for what is in flight and for its results to be on disk. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    this.wakeNow();
    await this.loop;
    while (this.running.size > 0) await Promise.allSettled(this.running);
    await this.recorder.settled();
    await this.outbox.settled();
  }

  /** Attempts in flight. */
  get inFlight(): number {
    return this.running.size;
  }

  /** Slots for new attempts: what is in flight and what is not recorded yet are both bounded. */
  private room(): number {
    const unsettled = UNSETTLED_PER_SLOT * this.slots - this.recorder.pending;
    return Math.max(0, Math.min(this.slots - this.running.size - this.reserved, unsettled));
  }

  reserve(wanted: number): number {
    const granted = this.stopping || !this.caughtUp ? 0 : Math.min(wanted, this.room());
    this.reserved += granted;
    return granted;
  }

  mayStart({ channels, sender }: NewNotification): boolean {
    const [channel] = channels;
    return channel !== undefined && this.circuits.blocking({ channel, sender, probe: false }) === null;
  }

  take(work: readonly Work[], reserved: number): void {
    this.reserved -= reserved;
    for (const piece of work) this.start(piece);
  }

  private async dispatch(): Promise<void> {
    while (!this.stopping) {
      this.woken = false;
      try {
        const free = this.room();
        const claimed = free > 0 ? await this.claim(free) : 0;
        if (claimed < free) await this.sleep(await this.untilNextDue());
        else await this.untilSlotsAreFree();
      } catch (error) {
        this.caughtUp = false;
        this.log.error({ err: error }, 'cannot claim work; trying again');
        await this.sleep(DATABASE_AWAY_MS);
      }
    }
  }

  private async claim(free: number): Promise<number> {
    this.reserved += free;
    let work: readonly Work[] = [];
    try {
      const claim = await this.outbox.claim(free);
      work = claim.work;
      if (claim.now) this.clock.set(claim.now);
      this.caughtUp = work.length < free;
    } finally {
      this.take(work, free);
    }
    return work.length;
  }

  private start(work: Work): void {
    const run: Promise<void> = this.runner
      .run(work)
      .catch((error: unknown) => {
        this.log.error(
          { err: error, notificationId: work.notificationId, attemptId: work.attemptId },
          'an attempt stopped on a fault of our own; its lease will run out and it will be reconciled',
        );
      })
      .finally(() => {
        this.running.delete(run);
        if (!this.caughtUp && this.room() >= this.batch) this.wakeNow();
      });
    this.running.add(run);
  }

  private async untilNextDue(): Promise<number> {
    if (this.woken) return 0;
    const inMs = await this.outbox.nextDueInMs();
    return inMs === null ? POLL_MS : Math.min(POLL_MS, Math.max(0, Math.ceil(inMs)));
  }

  private async untilSlotsAreFree(): Promise<void> {
    while (!this.stopping && this.room() < this.batch) {
      this.woken = false;
      await this.sleep(UNSETTLED_POLL_MS);
    }
  }

  /** Waits, unless somebody woke the loop meanwhile. */
  private async sleep(ms: number): Promise<void> {
    if (this.woken || this.stopping || ms === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = () => {};
  }

  private wakeNow(): void {
    this.woken = true;
    this.wake();
  }
}
