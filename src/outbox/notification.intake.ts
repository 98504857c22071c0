import { Inject, Injectable } from '@nestjs/common';
import { setImmediate } from 'node:timers/promises';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { Database } from '../database/database.js';
import { GroupedWrites } from '../database/grouped-writes.js';
import { newId } from '../identifiers/new-id.js';
import { EarlierRequests } from './earlier-requests.js';
import { storeNotifications, type SelfLease } from './store-notifications.js';
import { WakeUp } from './wake-up.js';
import type { AcceptedResult, EnqueueResult, NewNotification, Work } from './work.js';
import type { Worker } from './worker.js';

/** Hears of each notification that was stored and is not a repetition. Must neither throw nor wait. */
export type IntakeListener = (notification: NewNotification) => void;

/**
 * The way into the outbox. Grouped: what arrives during one commit goes out with the next. Notifications for which this
 * process has free slots are born leased to it and start without a claim.
 */
@Injectable()
export class NotificationIntake {
  private worker: Worker | null = null;
  private readonly listeners = new Set<IntakeListener>();
  private readonly writes = new GroupedWrites<NewNotification, AcceptedResult | null>((group) => this.store(group), {
    name: 'The intake',
    maxGroup: 500,
    maxWaiting: 10_000,
    wholeGroupsAtOnce: 2,
  });

  constructor(
    private readonly database: Database,
    private readonly earlierRequests: EarlierRequests,
    private readonly wakeUp: WakeUp,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  /** Lets accepted work start in this process without a claim. */
  attach(worker: Worker): void {
    this.worker = worker;
  }

  subscribe(listener: IntakeListener): void {
    this.listeners.add(listener);
  }

  /**
   * Stores a notification, or finds what its key was used for before; resolves after the commit.
   * @throws OverloadedError when more arrives than the database can take.
   */
  async enqueue(notification: NewNotification): Promise<EnqueueResult> {
    const stored = await this.writes.add(notification);
    if (stored) return stored;
    // Not part of the group's write: if this look-up fails, the notifications stored with it must not.
    const earlier = await this.earlierRequests.find(notification);
    // Retention has since deleted the notification with this key: the key is free.
    return earlier ?? (await this.enqueue(notification));
  }

  /** Resolves when everything handed in so far is on disk. */
  settled(): Promise<void> {
    return this.writes.settled();
  }

  private async store(group: readonly NewNotification[]): Promise<readonly (AcceptedResult | null)[]> {
    const worker = this.worker;
    const slots = worker?.reserve(group.length) ?? 0;
    const leasedAt = performance.now();
    let leased: readonly Work[] = [];
    try {
      const lease = worker && slots > 0 ? this.selfLease(worker, slots) : null;
      const stored = await storeNotifications(this.database, group, lease);
      leased = stored.leased;
      if (stored.due) this.wakeUp.announceDueWork();
      this.announceStored(group, stored.results);
      return stored.results;
    } finally {
      worker?.take(leased, slots, leasedAt);
      // Work that starts here is sent before its callers are answered: answering costs as much as sending.
      if (leased.length > 0) await setImmediate();
    }
  }

  /** A notification with a sendAt waits like everything else, even if it is due. */
  private selfLease(worker: Worker, slots: number): SelfLease {
    let free = slots;
    return {
      leaseToken: newId(),
      owner: this.configuration.bootId,
      leaseMs: this.configuration.env.LEASE_MS,
      takes: (notification) => {
        const taken = free > 0 && notification.sendAt === null && worker.mayStart(notification);
        if (taken) free -= 1;
        return taken;
      },
    };
  }

  private announceStored(group: readonly NewNotification[], results: readonly (AcceptedResult | null)[]): void {
    for (const [index, notification] of group.entries()) {
      if (results[index]) for (const listener of this.listeners) listener(notification);
    }
  }
}
