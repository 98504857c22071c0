import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GroupedWrites, OverloadedError, type GroupedWritesOptions } from '../src/database/grouped-writes.js';

const OPTIONS: GroupedWritesOptions = { name: 'The test', maxGroup: 10, maxWaiting: 100 };
const SPACED: GroupedWritesOptions = { ...OPTIONS, spacing: { ms: 20, enough: 5 } };

/** Enough turns of the event loop for everything that waits for no time. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await setImmediate();
}

/** A store that keeps what each write was given, and answers with the item doubled. */
class Store {
  readonly writes: number[][] = [];
  private refusal: ((items: readonly number[]) => Error | null) | null = null;
  private gate: Promise<void> | null = null;

  readonly write = async (items: readonly number[]): Promise<number[]> => {
    this.writes.push([...items]);
    if (this.gate) await this.gate;
    const refused = this.refusal?.(items);
    if (refused) throw refused;
    return items.map((item) => item * 2);
  };

  refuse(refusal: (items: readonly number[]) => Error | null): void {
    this.refusal = refusal;
  }

  /** Holds every write until the answer is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gate = promise;
    return () => {
      if (this.gate === promise) this.gate = null;
      resolve();
    };
  }
}

function grouped(options: GroupedWritesOptions): { store: Store; writes: GroupedWrites<number, number> } {
  const store = new Store();
  return { store, writes: new GroupedWrites(store.write, options) };
}

describe('grouped writes', () => {
  it('write together what arrives together, and answer each its own', async () => {
    const { store, writes } = grouped(OPTIONS);
    expect(await Promise.all([1, 2, 3].map((item) => writes.add(item)))).toEqual([2, 4, 6]);
    expect(store.writes).toEqual([[1, 2, 3]]);
  });

  it('take whatever else this turn of the event loop brings', async () => {
    const { store, writes } = grouped(OPTIONS);
    const first = writes.add(1);
    for (let step = 0; step < 20; step += 1) await Promise.resolve();
    await Promise.all([first, writes.add(2)]);
    expect(store.writes).toEqual([[1, 2]]);
  });

  it('have one write in flight; what arrives meanwhile goes out with the next', async () => {
    const { store, writes } = grouped(OPTIONS);
    const release = store.hold();
    const first = writes.add(1);
    await turns();
    const later = [2, 3].map((item) => writes.add(item));
    await turns();
    expect(store.writes).toEqual([[1]]);
    release();
    expect(await Promise.all([first, ...later])).toEqual([2, 4, 6]);
    expect(store.writes).toEqual([[1], [2, 3]]);
  });

  it('send the next group before they answer the last one, and answer that while the next is written', async () => {
    const { store, writes } = grouped(OPTIONS);
    const releaseFirst = store.hold();
    const writtenWhenAnswered = writes.add(1).then(() => [...store.writes]);
    await turns();
    const second = writes.add(2);
    const releaseSecond = store.hold();
    releaseFirst();
    expect(await writtenWhenAnswered).toEqual([[1], [2]]);
    releaseSecond();
    expect(await second).toBe(4);
  });

  it('send what waited as soon as the write before is back, without another turn of the event loop', async () => {
    const { store, writes } = grouped(OPTIONS);
    const release = store.hold();
    const first = writes.add(1);
    await turns();
    const second = writes.add(2);
    release();
    for (let step = 0; step < 20; step += 1) await Promise.resolve();
    expect(store.writes).toEqual([[1], [2]]);
    expect(await Promise.all([first, second])).toEqual([2, 4]);
  });

  it('answer at once where nothing waits', async () => {
    const { store, writes } = grouped(OPTIONS);
    const release = store.hold();
    const only = writes.add(1);
    await turns();
    release();
    expect(await Promise.race([only, setImmediate('a turn later')])).toBe(2);
  });

  it('fail everybody where the store answers for fewer than it was given', async () => {
    const writes = new GroupedWrites(async () => [1], OPTIONS);
    const results = await Promise.allSettled([1, 2].map((item) => writes.add(item)));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('never write more at once than the group may hold', async () => {
    const { store, writes } = grouped({ ...OPTIONS, maxGroup: 2 });
    await Promise.all([1, 2, 3, 4, 5].map((item) => writes.add(item)));
    expect(store.writes).toEqual([[1, 2], [3, 4], [5]]);
  });

  describe('with two whole groups at once', () => {
    const TWO: GroupedWritesOptions = { ...OPTIONS, maxGroup: 2, wholeGroupsAtOnce: 2 };

    it('write a whole group beside the one in flight, but no third and no part of one', async () => {
      const { store, writes } = grouped(TWO);
      const release = store.hold();
      const added = [1, 2, 3].map((item) => writes.add(item));
      await turns();
      expect(store.writes).toEqual([[1, 2]]);
      added.push(writes.add(4), writes.add(5), writes.add(6));
      await turns();
      expect(store.writes).toEqual([
        [1, 2],
        [3, 4],
      ]);
      release();
      expect(await Promise.all(added)).toEqual([2, 4, 6, 8, 10, 12]);
    });

    it('leave a part of a group to the writer that comes back last, and lose none', async () => {
      const { store, writes } = grouped(TWO);
      const releaseFirst = store.hold();
      const first = [1, 2].map((item) => writes.add(item));
      await turns();
      const releaseSecond = store.hold();
      const second = [3, 4, 5].map((item) => writes.add(item));
      await turns();
      releaseFirst();
      expect(await Promise.all(first)).toEqual([2, 4]);
      await turns();
      expect(store.writes).toEqual([
        [1, 2],
        [3, 4],
      ]);
      releaseSecond();
      expect(await Promise.all(second)).toEqual([6, 8, 10]);
      expect(store.writes[2]).toEqual([5]);
    });

    it('are settled when both are back', async () => {
      const { store, writes } = grouped(TWO);
      const releaseFirst = store.hold();
      void writes.add(1);
      void writes.add(2);
      await turns();
      const releaseSecond = store.hold();
      const last = Promise.all([3, 4].map((item) => writes.add(item)));
      await turns();
      let settled = false;
      const settling = writes.settled().then(() => (settled = true));
      releaseFirst();
      await turns();
      expect(settled).toBe(false);
      releaseSecond();
      await settling;
      expect(await last).toEqual([6, 8]);
    });

    it('still write together what arrives together', async () => {
      const { store, writes } = grouped({ ...TWO, maxGroup: 10 });
      await Promise.all([1, 2, 3].map((item) => writes.add(item)));
      expect(store.writes).toEqual([[1, 2, 3]]);
    });
  });

  it('are settled when what was added before is written, however much is added after it', async () => {
    const { store, writes } = grouped(OPTIONS);
    const releaseFirst = store.hold();
    const added = [writes.add(1)];
    await turns();
    added.push(writes.add(2));
    let settled = false;
    void writes.settled().then(() => (settled = true));
    const releaseSecond = store.hold();
    releaseFirst();
    await turns();
    expect(store.writes).toEqual([[1], [2]]);
    expect(settled).toBe(false);
    added.push(writes.add(3));
    const releaseThird = store.hold();
    releaseSecond();
    await turns();
    expect(store.writes).toEqual([[1], [2], [3]]);
    expect(settled).toBe(true);
    releaseThird();
    expect(await Promise.all(added)).toEqual([2, 4, 6]);
  });

  it('write a group that is refused for its data one by one: one bad item fails nobody else', async () => {
    const { store, writes } = grouped(OPTIONS);
    store.refuse((items) => (items.includes(2) ? Object.assign(new Error('bad'), { code: '22021' }) : null));
    const results = await Promise.allSettled([1, 2, 3].map((item) => writes.add(item)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(store.writes).toEqual([[1, 2, 3], [1], [2], [3]]);
  });

  it('fail as a whole when it is not the data, and write what comes next', async () => {
    const { store, writes } = grouped(OPTIONS);
    store.refuse(() => Object.assign(new Error('gone'), { code: '08006' }));
    const results = await Promise.allSettled([1, 2].map((item) => writes.add(item)));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    store.refuse(() => null);
    expect(await writes.add(3)).toBe(6);
    expect(store.writes).toEqual([[1, 2], [3]]);
  });

  it('refuse more than may wait', async () => {
    const { store, writes } = grouped({ ...OPTIONS, maxWaiting: 2 });
    const release = store.hold();
    const waiting = [1, 2].map((item) => writes.add(item));
    expect(() => writes.add(3)).toThrow(OverloadedError);
    release();
    await Promise.all(waiting);
  });
});

describe('grouped writes that keep a distance', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** One write has just been made: whatever comes now has to keep the distance. */
  async function justWritten() {
    const { store, writes } = grouped(SPACED);
    await writes.add(0);
    store.writes.length = 0;
    return { store, writes };
  }

  it('let a lone item go at once', async () => {
    const { store, writes } = grouped(SPACED);
    expect(await writes.add(1)).toBe(2);
    await vi.advanceTimersByTimeAsync(20);
    expect(await writes.add(2)).toBe(4);
    expect(store.writes).toEqual([[1], [2]]);
  });

  it('gather what arrives within it', async () => {
    const { store, writes } = await justWritten();
    const first = writes.add(1);
    await turns();
    await vi.advanceTimersByTimeAsync(19);
    const second = writes.add(2);
    await turns();
    expect(store.writes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await Promise.all([first, second])).toEqual([2, 4]);
    expect(store.writes).toEqual([[1, 2]]);
  });

  it('answer at once, however long the next write keeps its distance', async () => {
    const { store, writes } = await justWritten();
    await vi.advanceTimersByTimeAsync(20);
    const release = store.hold();
    const first = writes.add(1);
    await turns();
    const second = writes.add(2);
    release();
    expect(await first).toBe(2);
    expect(store.writes).toEqual([[1]]);
    await vi.advanceTimersByTimeAsync(20);
    expect(await second).toBe(4);
  });

  it('wait no longer once there is enough', async () => {
    const { store, writes } = await justWritten();
    const few = [1, 2, 3, 4].map((item) => writes.add(item));
    await turns();
    expect(store.writes).toEqual([]);
    await Promise.all([...few, writes.add(5)]);
    expect(store.writes).toEqual([[1, 2, 3, 4, 5]]);
  });

  it('wait no longer once a group is full, however much would be enough', async () => {
    const store = new Store();
    const writes = new GroupedWrites(store.write, { ...OPTIONS, maxGroup: 2, spacing: { ms: 20, enough: 5 } });
    await writes.add(0);
    await Promise.all([1, 2].map((item) => writes.add(item)));
    expect(store.writes).toEqual([[0], [1, 2]]);
  });

  it('wait no longer when somebody waits for everything to be written', async () => {
    const { store, writes } = await justWritten();
    const item = writes.add(1);
    await turns();
    await writes.settled();
    expect(store.writes).toEqual([[1]]);
    expect(await item).toBe(2);
  });

  it('wait no longer when that somebody came first', async () => {
    const { store, writes } = await justWritten();
    const item = writes.add(1);
    await writes.settled();
    expect(store.writes).toEqual([[1]]);
    expect(await item).toBe(2);
  });
});
