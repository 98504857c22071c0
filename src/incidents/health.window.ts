import type { Channel } from '../policy/vocabulary.js';

interface Tally {
  attempts: number;
  faults: number;
}

export interface HealthCount extends Readonly<Tally> {
  readonly resource: Channel;
}

/** Counts that this replica has not shared with the others yet, and its recent faults. Times in milliseconds. */
export class HealthWindow {
  private untold = new Map<Channel, Tally>();
  private faultTimes: number[] = [];

  constructor(
    private readonly windowMs: number,
    private readonly threshold: number,
  ) {}

  /** @param now on any monotonic clock */
  count(resource: Channel, fault: boolean, now: number): void {
    const tally = this.untold.get(resource) ?? { attempts: 0, faults: 0 };
    tally.attempts += 1;
    tally.faults += fault ? 1 : 0;
    this.untold.set(resource, tally);
    if (!fault) return;
    this.faultTimes.push(now);
    // More than the threshold adds no information.
    if (this.faultTimes.length > this.threshold) this.faultTimes.shift();
  }

  /** True if the faults seen by this replica alone could make an incident. */
  couldBeIncident(now: number): boolean {
    const [oldest] = this.faultTimes;
    return this.faultTimes.length >= this.threshold && oldest !== undefined && now - oldest <= this.windowMs;
  }

  get hasUntold(): boolean {
    return this.untold.size > 0;
  }

  /**
   * Takes the counts not shared yet, in the same order on all replicas. Return them with {@link putBack} if sharing
   * fails.
   */
  takeUntold(): HealthCount[] {
    const counts = [...this.untold].map(([resource, tally]) => ({ resource, ...tally }));
    this.untold = new Map();
    return counts.toSorted((a, b) => (a.resource < b.resource ? -1 : 1));
  }

  putBack(counts: readonly HealthCount[]): void {
    for (const { resource, attempts, faults } of counts) {
      const tally = this.untold.get(resource) ?? { attempts: 0, faults: 0 };
      this.untold.set(resource, { attempts: tally.attempts + attempts, faults: tally.faults + faults });
    }
  }
}
