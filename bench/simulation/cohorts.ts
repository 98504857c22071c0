/** Hears of a cohort: the step of its arrival, how many of it. */
export type EachCohort = (arrivedAt: number, count: number) => void;

/**
 * What waits for a sender, oldest first: how many arrived in which step. Most steps leave nothing behind, so its arrays
 * are used again and again.
 */
export class Cohorts {
  private readonly steps: number[] = [];
  private readonly counts: number[] = [];
  private head = 0;
  size = 0;

  add(step: number, count: number): void {
    this.steps.push(step);
    this.counts.push(count);
    this.size += count;
  }

  /** Takes up to `most` from the front. */
  take(most: number, each: EachCohort): void {
    let left = most;
    while (left > 0 && this.size > 0) {
      const waiting = this.counts[this.head] ?? 0;
      const count = Math.min(waiting, left);
      each(this.steps[this.head] ?? 0, count);
      this.counts[this.head] = waiting - count;
      this.size -= count;
      left -= count;
      if (count === waiting) this.head += 1;
    }
    if (this.size === 0) this.clear();
  }

  /** How many arrived before a step. */
  before(step: number): number {
    let sum = 0;
    for (let at = this.head; at < this.steps.length && (this.steps[at] ?? step) < step; at += 1)
      sum += this.counts[at] ?? 0;
    return sum;
  }

  private clear(): void {
    this.steps.length = 0;
    this.counts.length = 0;
    this.head = 0;
  }
}
