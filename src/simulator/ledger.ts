/** What a ledger needs to know about an accepted message or call. */
export interface LedgerRecord {
  readonly sid: string;
  readonly to: string;
}

interface Entry<R> {
  readonly record: R;
  older: Entry<R> | null;
  newer: Entry<R> | null;
  olderToSame: Entry<R> | null;
  newerToSame: Entry<R> | null;
}

/**
 * Accepted messages or calls, newest first, at most `limit` of them. A look-up by recipient walks only that recipient's
 * chain, so a list filtered by To stays cheap among hundreds of thousands of other messages.
 */
export class Ledger<R extends LedgerRecord> {
  readonly #bySid = new Map<string, Entry<R>>();
  readonly #newestTo = new Map<string, Entry<R>>();
  #newest: Entry<R> | null = null;
  #oldest: Entry<R> | null = null;
  #accepted = 0;

  constructor(private readonly limit: number) {}

  /** Number accepted since the start or the last clear, including those dropped since. */
  get accepted(): number {
    return this.#accepted;
  }

  get kept(): number {
    return this.#bySid.size;
  }

  add(record: R): void {
    const previousToSame = this.#newestTo.get(record.to) ?? null;
    const entry: Entry<R> = {
      record,
      older: this.#newest,
      newer: null,
      olderToSame: previousToSame,
      newerToSame: null,
    };
    if (this.#newest !== null) this.#newest.newer = entry;
    if (previousToSame !== null) previousToSame.newerToSame = entry;
    this.#newest = entry;
    this.#oldest ??= entry;
    this.#newestTo.set(record.to, entry);
    this.#bySid.set(record.sid, entry);
    this.#accepted += 1;
    if (this.#bySid.size > this.limit) this.#forgetOldest();
  }

  get(sid: string): R | null {
    return this.#bySid.get(sid)?.record ?? null;
  }

  /**
   * Walks from the newest to the oldest.
   * @param to only this recipient; null for everyone
   * @param afterSid continues after this record; yields nothing if it is no longer kept
   */
  *newestFirst(to: string | null = null, afterSid: string | null = null): Generator<R> {
    const older = (entry: Entry<R>): Entry<R> | null => (to === null ? entry.older : entry.olderToSame);
    let entry = to === null ? this.#newest : (this.#newestTo.get(to) ?? null);
    if (afterSid !== null) {
      const last = this.#bySid.get(afterSid);
      entry = last === undefined || (to !== null && last.record.to !== to) ? null : older(last);
    }
    for (; entry !== null; entry = older(entry)) yield entry.record;
  }

  clear(): void {
    this.#bySid.clear();
    this.#newestTo.clear();
    this.#newest = null;
    this.#oldest = null;
    this.#accepted = 0;
  }

  /** The oldest record of all is also the oldest of its recipient, so both chains lose their last link. */
  #forgetOldest(): void {
    const oldest = this.#oldest;
    if (oldest === null) return;
    this.#oldest = oldest.newer;
    if (this.#oldest === null) this.#newest = null;
    else this.#oldest.older = null;
    if (oldest.newerToSame === null) this.#newestTo.delete(oldest.record.to);
    else oldest.newerToSame.olderToSame = null;
    this.#bySid.delete(oldest.record.sid);
  }
}
