import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { DatabaseClock } from '../database/database.clock.js';
import { Circuits } from '../incidents/circuits.js';
import { FailureStreak } from '../logging/failure.streak.js';
import { LOGGER } from '../logging/logger.js';
import { faultWithoutWords } from '../problems/loggable-error.js';
import { NotificationIntake } from '../outbox/notification.intake.js';
import { Outbox } from '../outbox/outbox.js';
import { WakeUp } from '../outbox/wake-up.js';
import type { NewNotification, Work } from '../outbox/work.js';
import type { Worker } from '../outbox/worker.js';
import { AttemptRunner } from './attempt.runner.js';
import { InFlight } from '../concurrency/in-flight.js';
import { inTime } from '../concurrency/in-time.js';
import { leaseTime, type LeaseTime } from './lease.time.js';
import { LocalQueue, type QueuedWork } from './local.queue.js';
import { Recorder } from './recorder.js';
import { WorkPace } from './work.pace.js';

/** Looks for due work at least this often, announced or not. */
const POLL_MS = 1000;
const DATABASE_AWAY_MS = 500;
/** Unrecorded results in memory per place, at most: with more, the database is too slow for further claims. */
const UNSETTLED_PER_PLACE = 4;
const UNSETTLED_POLL_MS = 20;
/** How soon to claim again when a claim has left due work behind: somebody else holds those rows. */
const LEFT_BEHIND_MS = 30;
/** How long the results of the last requests may take to reach the disk when the process stops. */
const RECORD_MS = 2000;

/**
 * The loop: wake, claim, run, settle; drain at the end. Claims are made in batches and a little ahead, so that no slot
 * waits for the next one. Slots and pace limit what is claimed, so the work in memory is bounded.
 */
@Injectable()
export class Dispatcher implements Worker, OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  private readonly running = new InFlight();
  private readonly givingBack = new InFlight();
  /** Leased work that waits for a slot. */
  private readonly waiting = new LocalQueue();
  /** Places promised to a claim or to the intake while their statement is on its way. */
  private reserved = 0;
  private readonly slots: number;
  private readonly pace: WorkPace;
  private readonly lease: LeaseTime;
  /**
   * True if the last claim left nothing due behind and there was room for a claim whenever work fell due since: what is
   * accepted now overtakes nothing.
   */
  private caughtUp = false;
  private readonly failures = new FailureStreak();
  private readonly stop = new AbortController();
  /** When the process must be done with its work, on its monotonic clock. */
  private stopBy = Number.POSITIVE_INFINITY;
  private loop: Promise<void> = Promise.resolve();
  private wake: () => void = () => {};
  private woken = false;

  constructor(
    private readonly intake: NotificationIntake,
    private readonly outbox: Outbox,
    private readonly runner: AttemptRunner,
    private readonly recorder: Recorder,
    private readonly wakeUp: WakeUp,
    private readonly clock: DatabaseClock,
    private readonly circuits: Circuits,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly log: Logger,
  ) {
    const { DISPATCH_CONCURRENCY, LEASE_MS, TWILIO_TIMEOUT_MS } = configuration.env;
    this.slots = DISPATCH_CONCURRENCY;
    this.lease = leaseTime(LEASE_MS, TWILIO_TIMEOUT_MS);
    this.pace = new WorkPace(performance.now());
  }

  onApplicationBootstrap(): void {
    if (this.configuration.env.ROLE === 'api') return;
    this.warnOfShortLease();
    this.intake.attach(this);
    this.wakeUp.onDueWork(() => this.wakeNow());
    this.loop = this.dispatch();
  }

  /** The first hook of a shutdown: from now on nothing is claimed, sent or asked, whatever others still wait for. */
  onModuleDestroy(): void {
    this.stopBy = performance.now() + this.configuration.env.TWILIO_TIMEOUT_MS + RECORD_MS;
    this.stop.abort();
    this.wakeNow();
  }

  /** Waits for requests in flight and their results, but no longer than a request takes: the other leases run out. */
  async beforeApplicationShutdown(): Promise<void> {
    const leftMs = this.stopBy - performance.now();
    if (await inTime(this.drain(), leftMs)) return;
    this.recorder.giveUp();
    const counts = { inFlight: this.running.count, unrecorded: this.recorder.pending };
    this.log.warn(counts, 'stopping without waiting any longer; what is not recorded is looked up when its lease ends');
  }

  /** Gives back what has not begun, then waits for what has. The last claim and group may still bring something. */
  private async drain(): Promise<void> {
    await this.giveBack(this.waiting.takeAll());
    await this.loop;
    await this.intake.settled();
    await this.running.none();
    await this.givingBack.none();
    await this.recorder.settled();
    await this.outbox.settled();
  }

  private get stopping(): boolean {
    return this.stop.signal.aborted;
  }

  /** Attempts in flight. */
  get inFlight(): number {
    return this.running.count;
  }

  /** How much work may be in this process, in a slot or waiting for one. */
  private places(): number {
    return this.slots + (this.lease.mayWait ? this.pace.ahead(performance.now()) : 0);
  }

  /** Places for more work. Both the work in this process and its unrecorded results are bounded. */
  private room(places = this.places()): number {
    const unsettled = UNSETTLED_PER_PLACE * places - this.recorder.pending;
    const taken = this.running.count + this.waiting.size + this.reserved;
    return Math.max(0, Math.min(places - taken, unsettled));
  }

  /** A claim of a few rows costs hardly less than one of many. */
  private hasRoomForBatch(): boolean {
    const places = this.places();
    return this.room(places) >= Math.max(1, Math.floor(places / 4));
  }

  reserve(wanted: number): number {
    const granted = this.stopping || !this.caughtUp ? 0 : Math.min(wanted, this.room());
    this.reserved += granted;
    return granted;
  }

  mayStart({ channels: [channel], sender }: NewNotification): boolean {
    return this.circuits.blocking({ channel, sender, probe: false }) === null;
  }

  take(work: readonly Work[], reserved: number, leasedAt: number): void {
    this.reserved -= reserved;
    if (this.stopping) {
      void this.giveBack(work);
      return;
    }
    for (const piece of work) this.waiting.push({ work: piece, leasedAt });
    while (this.running.count < this.slots && this.waiting.size > 0) this.startNext();
  }

  private async dispatch(): Promise<void> {
    while (!this.stopping) {
      this.woken = false;
      try {
        const free = this.room();
        // Without room nobody looks for what has fallen due, and accepted work must not overtake it.
        if (free === 0) this.caughtUp = false;
        const claimed = free > 0 ? await this.claim(free) : 0;
        if (claimed < free) await this.sleep(await this.untilNextDue());
        else await this.untilSlotsAreFree();
        this.failures.ended();
      } catch (error) {
        this.caughtUp = false;
        if (this.failures.failed(error)) this.log.error({ err: error }, 'cannot claim work; trying again');
        await this.sleep(DATABASE_AWAY_MS);
      }
    }
  }

  private async claim(free: number): Promise<number> {
    this.reserved += free;
    const leasedAt = performance.now();
    let work: readonly Work[] = [];
    try {
      work = await this.outbox.claim(free);
      this.caughtUp = work.length < free;
    } finally {
      this.take(work, free, leasedAt);
    }
    return work.length;
  }

  private async start(queued: QueuedWork): Promise<void> {
    const { work } = queued;
    this.running.begin();
    try {
      const back = await this.runner.run(queued, this.stop.signal);
      if (back) await this.giveBack([back]);
    } catch (error) {
      this.log.error(
        { err: faultWithoutWords(error), notificationId: work.notificationId, attemptId: work.attemptId },
        'an attempt stopped on a fault of our own; its lease will run out and it will be reconciled',
      );
    }
    this.running.end();
    this.pace.noteFinished();
    this.startNext();
    if (!this.caughtUp && this.hasRoomForBatch()) this.wakeNow();
  }

  /** Gives a free slot to the next work that waits. */
  private startNext(): void {
    if (this.stopping) return;
    const back: Work[] = [];
    let next = this.waiting.shift();
    // Work that expired while it waited here is not sent: it goes back, and the caretaker ends it.
    for (; next && this.hasExpired(next.work); next = this.waiting.shift()) back.push(next.work);
    if (next && performance.now() - next.leasedAt <= this.lease.beginWithinMs) void this.start(next);
    // Its lease is too old, as every slot was busy. The rest has waited as long; another process may have a slot.
    else if (next) back.push(next.work, ...this.waiting.takeAll());
    if (back.length > 0) void this.giveBack(back);
  }

  /** Questions do not expire: they are answered in any case. */
  private hasExpired({ stage, expiresAt }: Work): boolean {
    return stage === 'send' && expiresAt !== null && expiresAt <= this.clock.now();
  }

  private warnOfShortLease(): void {
    const { LEASE_MS, TWILIO_TIMEOUT_MS } = this.configuration.env;
    if (LEASE_MS >= this.lease.shortestMs) return;
    this.log.warn(
      { LEASE_MS, TWILIO_TIMEOUT_MS },
      `LEASE_MS is so near to TWILIO_TIMEOUT_MS that a slow request may outlive its lease and be looked up while it is on its way: set LEASE_MS to ${this.lease.shortestMs} or more, or TWILIO_TIMEOUT_MS to less`,
    );
  }

  private async giveBack(work: readonly Work[]): Promise<void> {
    this.givingBack.begin();
    try {
      await this.outbox.giveBack(work);
    } catch (error) {
      const count = work.length;
      this.log.error({ err: error, count }, 'leased work could not be given back; its leases will run out');
    }
    this.givingBack.end();
  }

  private async untilNextDue(): Promise<number> {
    if (this.woken) return 0;
    const inMs = await this.outbox.nextDueInMs();
    if (inMs === null) return POLL_MS;
    return inMs <= 0 ? LEFT_BEHIND_MS : Math.min(POLL_MS, Math.ceil(inMs));
  }

  private async untilSlotsAreFree(): Promise<void> {
    while (!this.stopping && !this.hasRoomForBatch()) {
      this.woken = false;
      await this.sleep(UNSETTLED_POLL_MS);
    }
  }

  /** Waits until the time is over or something wakes the loop. */
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
