/** A claim takes some milliseconds: what is sent in this time should be here already when a slot asks for it. */
const AHEAD_MS = 50;
/**
 * However fast it is: after a crash, what was claimed is looked up before it is sent again. Claims of a hundred rows and
 * more are as cheap as they get, so there is nothing to gain beyond it.
 */
const MOST_AHEAD = 500;
/** How long a pace is remembered. */
const MEMORY_MS = 30;

/**
 * How fast this process gets its work done, and how much it should therefore claim ahead of its free slots. A provider
 * that answers at once needs a long queue, or claims are small and slots idle; one that takes a second needs none, and
 * what waits here would rather be another process's work. Times are this process's monotonic milliseconds.
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
