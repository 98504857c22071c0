import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { GroupedWrites, type GroupedWritesOptions } from '../src/database/grouped-writes.js';
import { OverloadedError } from '../src/database/overloaded.error.js';
import { grouped, OPTIONS, Store, turns } from './grouped-writes.setup.js';

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
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

  it('have one write in flight also where a whole group waits', async () => {
    const { store, writes } = grouped({ ...OPTIONS, maxGroup: 2 });
    const release = store.hold();
    const added = [1, 2, 3, 4].map((item) => writes.add(item));
    await turns();
    expect(store.writes).toEqual([[1, 2]]);
    release();
    expect(await Promise.all(added)).toEqual([2, 4, 6, 8]);
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
      const both = [
        [1, 2],
        [3, 4],
      ];
      added.push(writes.add(4));
      await turns();
      expect(store.writes).toEqual(both);
      added.push(writes.add(5), writes.add(6));
      await turns();
      expect(store.writes).toEqual(both);
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

  it('are settled, too, when what was added before has failed', async () => {
    const { store, writes } = grouped(OPTIONS);
    store.refuse(() => new Error('gone'));
    const failed = writes.add(1).catch(String);
    await writes.settled();
    expect(await failed).toBe('Error: gone');
  });

  it('take one item of each subject at a time, the older first, also where more wait than a group may hold', async () => {
    const store = new Store();
    const writes = new GroupedWrites(store.write, {
      ...OPTIONS,
      maxGroup: 3,
      subjectOf: (item: number) => String(item % 10),
    });
    await Promise.all([1, 11, 2, 21, 31, 12].map((item) => writes.add(item)));
    expect(store.writes).toEqual([[1, 2], [11], [21, 12], [31]]);
  });

  it.each([
    ['what it holds', '22021'],
    ['what it would break', '23505'],
    ['what it names twice', '21000'],
  ])('write a group that is refused for %s one by one: one bad item fails nobody else', async (_, code) => {
    const { store, writes } = grouped(OPTIONS);
    store.refuse((items) => (items.includes(2) ? Object.assign(new Error('bad'), { code }) : null));
    const results = await Promise.allSettled([1, 2, 3].map((item) => writes.add(item)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(store.writes).toEqual([[1, 2, 3], [1], [2], [3]]);
  });

  it.each([
    ['the connection is gone', '08006'],
    ['the database has become a standby', '25006'],
  ])('fail as a whole when %s, and write what comes next', async (_, code) => {
    const { store, writes } = grouped(OPTIONS);
    store.refuse(() => Object.assign(new Error('not the data'), { code }));
    const results = await Promise.allSettled([1, 2].map((item) => writes.add(item)));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    store.refuse(() => null);
    expect(await writes.add(3)).toBe(6);
    expect(store.writes).toEqual([[1, 2], [3]]);
  });

  it('keep nothing of what they have written', async () => {
    const collectGarbage = garbageCollector();
    const writes = new GroupedWrites(async (items: readonly object[]) => items.map(() => true), OPTIONS);
    const add = async () => {
      const item = {};
      await writes.add(item);
      return new WeakRef(item);
    };
    const written = await add();
    const isKept = () => {
      collectGarbage();
      return written.deref() !== undefined;
    };
    await expect.poll(isKept).toBe(false);
    expect(writes.backlog).toBe(0);
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
