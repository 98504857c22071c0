/** A claim takes some milliseconds: what is sent in that time should be here already when a slot asks for it. */
const AHEAD_MS = 50;
/**
 * The limit at any pace: after a crash, what was claimed is looked up before it is sent again. Claims of a hundred rows
 * or more are as cheap per row as they get, so a higher limit would gain nothing.
 */
const MOST_AHEAD = 500;
/** How long a pace is remembered. */
const MEMORY_MS = 30;

/**
 * How fast this process gets its work done, and so how much it should claim ahead of its free slots. With a provider
 * that answers at once, a short queue would mean small claims and idle slots. With one that takes a second no queue is
 * needed, and what waits here is better left to other processes. Times are this process's monotonic milliseconds.
 */
export class WorkPace {
  private perMs = 0;
  private finished = 0;
  private since: number;

  constructor(now: number) {
    this.since = now;
  }

  noteFinished(): void {
    this.finished += 1;
  }

  /** How much work may wait for a slot. */
  ahead(now: number): number {
    this.learn(now);
    return Math.min(MOST_AHEAD, Math.round(this.perMs * AHEAD_MS));
  }

  private learn(now: number): void {
    const elapsed = now - this.since;
    if (elapsed < 1) return;
    const weight = Math.min(1, elapsed / MEMORY_MS);
    this.perMs += weight * (this.finished / elapsed - this.perMs);
    this.finished = 0;
    this.since = now;
  }
}
