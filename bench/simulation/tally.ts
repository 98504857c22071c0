import { STEP_SECONDS } from './assumptions.js';
import { STEPS } from './day.js';

/** How long notifications waited, in steps; one that left within the step of its arrival waited 0. */
export class Lags {
  private readonly counts = new Float64Array(STEPS + 1);
  total = 0;

  add(steps: number, count: number): void {
    this.counts[steps] = (this.counts[steps] ?? 0) + count;
    this.total += count;
  }

  /** Seconds within which a share of them left; 0: within one step. */
  within(share: number): number {
    let sum = 0;
    const wanted = share * this.total;
    for (let steps = 0; steps <= STEPS; steps += 1) {
      sum += this.counts[steps] ?? 0;
      if (sum >= wanted && sum > 0) return steps * STEP_SECONDS;
    }
    return 0;
  }

  get longest(): number {
    const last = this.counts.findLastIndex((count) => count > 0);
    return Math.max(0, last) * STEP_SECONDS;
  }

  include(other: Lags): void {
    other.counts.forEach((count, steps) => count > 0 && this.add(steps, count));
  }
}

/** When a notification was accepted: before the incident, while it lasted, or after it. */
export const PHASES = ['before', 'incident', 'after'] as const;
export type Phase = (typeof PHASES)[number];

/** What became of the notifications of one kind of sender and one category. */
export class Tally {
  accepted = 0;
  sent = 0;
  expired = 0;
  readonly lags: Readonly<Record<Phase, Lags>> = { before: new Lags(), incident: new Lags(), after: new Lags() };

  get waiting(): number {
    return this.accepted - this.sent - this.expired;
  }

  include(other: Tally): void {
    this.accepted += other.accepted;
    this.sent += other.sent;
    this.expired += other.expired;
    for (const phase of PHASES) this.lags[phase].include(other.lags[phase]);
  }
}
