import { describe, expect, it } from 'vitest';
import { HealthWindow } from '../src/incidents/health.window.js';
import { Probation } from '../src/incidents/probation.js';
import { RateLimitStreak } from '../src/incidents/rate-limit.streak.js';
import { Strays } from '../src/incidents/strays.js';

describe('rate limits of one sender', () => {
  const noted = (...times: number[]) => {
    const streak = new RateLimitStreak();
    return times.map((time) => streak.note('sender:+15005550006', time));
  };

  it('are too many at the fifth within ten seconds, and are counted anew after that', () => {
    expect(noted(0, 1, 2, 3, 4)).toEqual([false, false, false, false, true]);
    expect(noted(0, 1, 2, 3, 9_999, 10_000, 10_001)).toEqual([false, false, false, false, true, false, false]);
  });

  it('do not add up over a longer time', () => {
    expect(noted(0, 2500, 5000, 7500, 10_000, 12_500, 15_000)).toEqual(Array(7).fill(false));
  });

  it('do not add up over two senders', () => {
    const streak = new RateLimitStreak();
    for (let time = 0; time < 4; time += 1) streak.note('sender:+15005550006', time);
    expect(streak.note('sender:whatsapp:+15005550006', 4)).toBe(false);
    expect(streak.note('sender:+15005550006', 5)).toBe(true);
  });
});

describe('a recovery', () => {
  const SINCE = new Date('2026-12-01T12:00:00Z');
  const relapses = (passed: number, faults: number, since = SINCE) => {
    const probation = new Probation();
    for (let n = 0; n < passed; n += 1) probation.notePassed('resource:sms', SINCE);
    return Array.from({ length: faults }, () => probation.noteFault('resource:sms', since));
  };

  it('ends at a fault among its first sends, and bears one in twenty later', () => {
    expect(relapses(0, 1)).toEqual([true]);
    expect(relapses(18, 1)).toEqual([true]);
    expect(relapses(19, 1)).toEqual([false]);
    expect(relapses(38, 3)).toEqual([false, false, true]);
  });

  it('starts anew when the circuit half-opens again', () => {
    expect(relapses(100, 1, new Date(SINCE.getTime() + 1000))).toEqual([true]);
  });
});

it('faults that one replica saw make an incident only where they are enough in the time of the window', () => {
  const couldBe = (times: readonly number[], now: number) => {
    const window = new HealthWindow(60_000, 3);
    for (const time of times) window.count('sms', true, time);
    return window.couldBeIncident(now);
  };
  expect(couldBe([0, 1], 2)).toBe(false);
  expect(couldBe([0, 1, 2], 60_000)).toBe(true);
  expect(couldBe([0, 1, 2], 60_001)).toBe(false);
  expect(couldBe([0, 50_000, 55_000, 100_000], 100_000)).toBe(true);
});

it('counts that could not be shared are added to those made since, and are in one order on every replica', () => {
  const window = new HealthWindow(60_000, 3);
  window.count('whatsapp', true, 0);
  window.count('sms', true, 1);
  const untold = window.takeUntold();
  expect(untold.map(({ resource }) => resource)).toEqual(['sms', 'whatsapp']);
  window.count('sms', false, 2);
  window.putBack(untold);
  expect(window.takeUntold()).toEqual([
    { resource: 'sms', attempts: 2, faults: 1 },
    { resource: 'whatsapp', attempts: 1, faults: 1 },
  ]);
  expect(window.hasUntold).toBe(false);
});

it('a hold that nobody knows is a stray after ten seconds in a row', () => {
  const strays = new Strays((id) => id === 'known');
  const among = (now: number, ...holders: string[]) => strays.among(holders, now);
  expect(among(0, 'known', 'gone')).toEqual([]);
  expect(among(9_999, 'known', 'gone')).toEqual([]);
  expect(among(10_000, 'known', 'gone', 'new')).toEqual(['gone']);
  expect(among(11_000, 'known')).toEqual([]);
  expect(among(20_000, 'known', 'gone')).toEqual([]);
});
