import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { Database } from '../database/database.js';
import { Listener } from '../database/listener.js';
import { LOGGER } from '../logging/logger.js';

/** NOTIFY makes commits wait for each other, so a process sends it at most this often. */
const ANNOUNCE_EVERY_MS = 25;

const ANNOUNCE = { name: 'outbox-announce', text: `SELECT pg_notify('postrider_due', '')` };

/** Tells the dispatchers, here and elsewhere, that work is due. Only a hint: polling finds it a moment later. */
@Injectable()
export class WakeUp {
  private readonly handlers = new Set<() => void>();
  /** On the monotonic clock: a wall clock that is set back would delay the announcements. */
  private lastAnnounced = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly database: Database,
    listener: Listener,
    @Inject(LOGGER) private readonly log: Logger,
  ) {
    listener.on('postrider_due', () => this.wakeHere());
  }

  /** Calls `handler` whenever work may be due. */
  onDueWork(handler: () => void): void {
    this.handlers.add(handler);
  }

  /** Wakes this process at once and the others within {@link ANNOUNCE_EVERY_MS}. */
  announceDueWork(): void {
    this.wakeHere();
    if (this.timer) return;
    const wait = this.lastAnnounced + ANNOUNCE_EVERY_MS - performance.now();
    this.timer = setTimeout(() => this.announce(), Math.max(0, wait));
    this.timer.unref();
  }

  /** Makes this process look at once for due work and for the next due time. */
  wakeHere(): void {
    for (const handler of this.handlers) handler();
  }

  private announce(): void {
    this.timer = null;
    this.lastAnnounced = performance.now();
    this.database.run(ANNOUNCE).catch((error: unknown) => {
      this.log.debug({ err: error }, 'could not announce due work; the others will find it by polling');
    });
  }
}
