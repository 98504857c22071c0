import { describe, expect, it } from 'vitest';
import { SetAside } from '../src/dispatch/set-aside.js';

describe('rows that are set aside', () => {
  const at = (ms: number) => new Date(ms);

  it('are skipped for a while, and then looked at again', () => {
    const failed = new SetAside(1000, 10);
    failed.add('one', at(0));
    failed.add('other', at(500));
    expect(failed.ids(at(999))).toEqual(['one', 'other']);
    expect(failed.ids(at(1000))).toEqual(['other']);
    expect(failed.ids(at(1500))).toEqual([]);
  });

  it('are as many as were said at most: the oldest makes room', () => {
    const failed = new SetAside(1000, 2);
    for (const [ms, id] of ['first', 'second', 'third'].entries()) failed.add(id, at(ms));
    expect(failed.ids(at(3))).toEqual(['second', 'third']);
  });
});
