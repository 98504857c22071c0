import type { Work } from '../outbox/work.js';

/** Leased work that waits for a slot of this process. */
export interface QueuedWork {
  readonly work: Work;
  /** When its lease began at the earliest, on this process's monotonic clock, in milliseconds. */
  readonly leasedAt: number;
}

/** In the order of {@link Work.turn}, whenever it came. Its owner bounds it. */
export class LocalQueue {
  private readonly queued: QueuedWork[] = [];

  get size(): number {
    return this.queued.length;
  }

  push(entry: QueuedWork): void {
    // What comes later is mostly due later: looked for from the end, its place is near.
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
