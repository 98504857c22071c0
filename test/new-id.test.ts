import { validate, version } from 'uuid';
import { describe, expect, it, vi } from 'vitest';
import { newId } from '../src/identifiers/new-id.js';

/** More than fit into the counter of one millisecond. */
const MANY = 20_000;

/** Apart from `expect`, which would take minutes to describe how thousands of ids differ. */
function isSorted(ids: readonly string[]): boolean {
  return ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? ''));
}

const timeOf = (id: string) => Number.parseInt(id.replace('-', '').slice(0, 12), 16);

describe('an id', () => {
  it('is a UUIDv7 of the present', () => {
    const before = Date.now();
    const id = newId();
    expect(validate(id)).toBe(true);
    expect(version(id)).toBe(7);
    expect(timeOf(id)).toBeGreaterThanOrEqual(before);
    expect(timeOf(id)).toBeLessThanOrEqual(Date.now());
  });

  it('sorts after all before it, also within a millisecond', () => {
    const ids = Array.from({ length: MANY }, () => newId());
    expect(isSorted(ids)).toBe(true);
    expect(new Set(ids).size).toBe(MANY);
  });

  it('is a valid one also when a millisecond has no number left, and when the clock goes back', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const before = Array.from({ length: MANY }, () => newId());
      vi.setSystemTime(Date.now() - 30_000);
      const ids = [...before, ...Array.from({ length: MANY }, () => newId())];
      expect(isSorted(ids)).toBe(true);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.filter((id) => !validate(id) || version(id) !== 7)).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is of the present again once a clock that ran ahead is set right', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const present = Date.now();
      vi.setSystemTime(present + 3_600_000);
      const before = Array.from({ length: MANY }, () => newId());
      vi.setSystemTime(present);
      const after = Array.from({ length: MANY }, () => newId());
      expect(Math.abs(timeOf(after[0] ?? '') - present)).toBeLessThan(1000);
      expect(isSorted(after)).toBe(true);
      expect(new Set([...before, ...after]).size).toBe(2 * MANY);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is not guessed from the one before it', () => {
    const [first, second] = [newId(), newId()];
    expect(first.slice(20)).not.toBe(second.slice(20));
  });
});
