import { expect, it } from 'vitest';
import { Rounds } from '../src/concurrency/rounds.js';
import { FailureStreak } from '../src/logging/failure.streak.js';

const away = () => Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
const full = () => Object.assign(new Error('could not extend file'), { code: '53100' });

it('tells the first failure, any of another kind, and one in ten seconds', () => {
  let now = 0;
  const streak = new FailureStreak(() => now);
  const failedAt = (at: number, error: unknown) => {
    now = at;
    return streak.failed(error);
  };
  expect(failedAt(0, away())).toBe(true);
  expect(failedAt(500, away())).toBe(false);
  expect(failedAt(9999, away())).toBe(false);
  expect(failedAt(10_000, away())).toBe(true);
  expect(failedAt(10_001, full())).toBe(true);
  expect(failedAt(10_002, full())).toBe(false);
  expect(failedAt(10_003, new Error('one'))).toBe(true);
  expect(failedAt(10_004, new Error('another'))).toBe(true);
});

it('tells the next failure after it has worked', () => {
  const streak = new FailureStreak(() => 0);
  expect([streak.failed(away()), streak.failed(away())]).toEqual([true, false]);
  streak.ended();
  expect(streak.failed(away())).toBe(true);
});

it('keeps rounds that fail alike from telling it each time, until one has succeeded', async () => {
  const told: number[] = [];
  const { promise: done, resolve } = Promise.withResolvers<void>();
  let round = 0;
  const rounds = new Rounds(
    async () => {
      round += 1;
      if (round === 6) resolve();
      if (round !== 4) throw away();
      return await Promise.resolve(1);
    },
    () => told.push(round),
    1,
  );
  rounds.start();
  await done;
  await rounds.stop();
  expect(told).toEqual([1, 5]);
});
