import type { Work } from '../outbox/work.js';

/** Leased work that waits for a slot of this process. */
export interface QueuedWork {
  readonly work: Work;
  /** The earliest time its lease may have begun, on this process's monotonic clock, in milliseconds. */
  readonly leasedAt: number;
}

/** Sorted by {@link Work.turn}, whatever the order of arrival. Its owner bounds it. */
export class LocalQueue {
  private readonly queued: QueuedWork[] = [];

  get size(): number {
    return this.queued.length;
  }

  push(entry: QueuedWork): void {
    // Later arrivals are mostly due later, so a search from the end is short.
    const before = this.queued.findLastIndex(({ work }) => work.turn <= entry.work.turn);
    this.queued.splice(before + 1, 0, entry);
  }

  shift(): QueuedWork | undefined {
    return this.queued.shift();
  }

  /** Empties it. */
  takeAll(): Work[] {
    return this.queued.splice(0).map(({ work }) => work);
  }
}
