import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GroupedWrites, type GroupedWritesOptions } from '../src/database/grouped-writes.js';
import { grouped, OPTIONS, Store, turns } from './grouped-writes.setup.js';

const SPACED: GroupedWritesOptions = { ...OPTIONS, spacing: { ms: 20, enough: 5 } };

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

  it('keep it again once everything that somebody waited for is written', async () => {
    const { store, writes } = await justWritten();
    void writes.add(1);
    await writes.settled();
    const item = writes.add(2);
    await turns();
    expect(store.writes).toEqual([[1]]);
    await vi.advanceTimersByTimeAsync(20);
    expect(await item).toBe(4);
  });
});
