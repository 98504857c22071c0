import { setImmediate } from 'node:timers/promises';
import { InFlight } from '../concurrency/in-flight.js';
import { OverloadedError } from './overloaded.error.js';
import { sqlStateOf } from './sql-state.js';

export interface GroupedWritesOptions<Item = unknown> {
  readonly name: string;
  /** Items in one statement at most. */
  readonly maxGroup: number;
  /** Items waiting at most; any more get an {@link OverloadedError}. */
  readonly maxWaiting: number;
  /** Writers at most; any after the first begins only when a whole group waits. Default: 1. */
  readonly wholeGroupsAtOnce?: number;
  /** An item's subject, for statements that take only one item per subject; the others wait for a later statement. */
  readonly subjectOf?: (item: Item) => string;
  /** Makes writes fewer and larger, where nobody waits for the answers. By default they follow each other at once. */
  readonly spacing?: {
    /** From the start of one write to the start of the next, at most, in milliseconds. */
    readonly ms: number;
    /** This many items are worth a write at once, however recent the last one. */
    readonly enough: number;
  };
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly promise: Promise<Result>;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Group commit: what arrives while one write is on its way to disk goes out together with the next. One write is in
 * flight, and a lone item waits for nobody. If somebody waits for the answers there is no timer: on the machine of
 * docs/performance.md this beat every timer and every number of parallel flushes that was tried. Only a whole group
 * gains nothing by waiting for company, and may go beside the write in flight. The next group leaves before the last
 * one is answered, so the database never waits for the answers. If nobody waits, writes may keep a distance: a
 * statement costs as much as ten of its rows, so fewer statements leave more for the rest.
 *
 * One bad item never fails its group: a group refused for its data is written again one item at a time. A group that
 * failed for another reason (no connection, say) fails as a whole: item by item would only take longer.
 */
export class GroupedWrites<Item, Result> {
  private waiting: Waiting<Item, Result>[] = [];
  private readonly beingWritten = new Set<readonly Waiting<Item, Result>[]>();
  private readonly writers = new InFlight();
  private lastWriteAt = Number.NEGATIVE_INFINITY;
  private endDistance = () => {};
  /** How many callers wait for everything to be written. */
  private awaited = 0;

  /** @param write stores a group and answers in the group's order; all or nothing. */
  constructor(
    private readonly write: (items: readonly Item[]) => Promise<readonly Result[]>,
    private readonly options: GroupedWritesOptions<Item>,
  ) {}

  /** @throws OverloadedError when too much waits already. */
  add(item: Item): Promise<Result> {
    if (this.waiting.length >= this.options.maxWaiting) throw new OverloadedError(this.options.name);
    const entry = { item, ...Promise.withResolvers<Result>() };
    this.waiting.push(entry);
    if (this.mayBegin()) void this.drain();
    if (this.isWorthAWrite()) this.endDistance();
    return entry.promise;
  }

  /** How many items wait for a write. */
  get backlog(): number {
    return this.waiting.length;
  }

  /** Resolves when everything added so far is written or has failed, whatever is added meanwhile. */
  async settled(): Promise<void> {
    this.awaited += 1;
    this.endDistance();
    const soFar = [...this.beingWritten, this.waiting].flatMap((entries) => entries.map(({ promise }) => promise));
    await Promise.allSettled(soFar);
    this.awaited -= 1;
  }

  private mayBegin(): boolean {
    const { maxGroup, wholeGroupsAtOnce = 1 } = this.options;
    const { count } = this.writers;
    return count === 0 || (count < wholeGroupsAtOnce && this.waiting.length >= maxGroup);
  }

  private async drain(): Promise<void> {
    this.writers.begin();
    let answer = nobodyWaits;
    // What has arrived already joins the first group: a turn of the event loop costs nothing if nothing has. Later
    // groups had a whole write's time to gather, and the database waits for them.
    await setImmediate();
    do {
      await this.keepDistance();
      if (!this.mayTake()) break;
      const group = this.takeGroup();
      const written = this.writeGroup(group);
      // The pool takes a tick to hand the statement to its connection. Answers are given after it, while the database
      // works.
      process.nextTick(answer);
      answer = await written;
      if (this.options.spacing) {
        // The next write may keep a distance, for which these answers must not wait.
        answer();
        answer = nobodyWaits;
      }
    } while (this.mayTake());
    answer();
    this.writers.end();
  }

  /** With two writers, less than a whole group is left to the one that comes back last, and grows until then. */
  private mayTake(): boolean {
    const { length } = this.waiting;
    return length >= this.options.maxGroup || (length > 0 && this.writers.count === 1);
  }

  private takeGroup(): Waiting<Item, Result>[] {
    const { maxGroup, subjectOf } = this.options;
    const first = this.waiting.splice(0, maxGroup);
    if (!subjectOf) return first;
    const subjects = new Set<string>();
    const group: Waiting<Item, Result>[] = [];
    const later: Waiting<Item, Result>[] = [];
    for (const entry of first) {
      const subject = subjectOf(entry.item);
      (subjects.has(subject) ? later : group).push(entry);
      subjects.add(subject);
    }
    if (later.length > 0) this.waiting.unshift(...later);
    return group;
  }

  private async keepDistance(): Promise<void> {
    const { spacing } = this.options;
    if (!spacing) return;
    const ms = this.lastWriteAt + spacing.ms - performance.now();
    if (ms > 0 && !this.isWorthAWrite()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.endDistance = resolve;
      const timer = setTimeout(resolve, ms);
      await promise;
      clearTimeout(timer);
      this.endDistance = () => {};
    }
    this.lastWriteAt = performance.now();
  }

  private isWorthAWrite(): boolean {
    const { maxGroup, spacing } = this.options;
    return this.awaited > 0 || this.waiting.length >= Math.min(maxGroup, spacing?.enough ?? maxGroup);
  }

  /** @returns a function that answers those who wait for the group, whose write is then over */
  private async writeGroup(group: readonly Waiting<Item, Result>[]): Promise<() => void> {
    this.beingWritten.add(group);
    const answer = await this.tryToWrite(group);
    return () => {
      answer();
      this.beingWritten.delete(group);
    };
  }

  /** @returns a function that answers them */
  private async tryToWrite(group: readonly Waiting<Item, Result>[]): Promise<() => void> {
    try {
      const results = await this.write(group.map((entry) => entry.item));
      if (results.length < group.length) {
        throw new Error(`${this.options.name} answered for fewer items than it was given`);
      }
      return () => {
        for (const [index, { resolve }] of group.entries()) {
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- there is one for each; Result may include undefined
          resolve(results[index] as Result);
        }
      };
    } catch (error) {
      if (group.length > 1 && isRefusedForItsData(error)) {
        for (const entry of group) (await this.tryToWrite([entry]))();
        return nobodyWaits;
      }
      return () => {
        for (const { reject } of group) reject(error);
      };
    }
  }
}

function nobodyWaits(): void {}

/**
 * SQLSTATE classes 21 (cardinality violation), 22 (data exception) and 23 (integrity constraint);
 * postgresql.org/docs/current/errcodes-appendix.html
 */
function isRefusedForItsData(error: unknown): boolean {
  return /^2[123]/.test(sqlStateOf(error) ?? '');
}
