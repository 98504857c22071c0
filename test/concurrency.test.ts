import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InFlight } from '../src/concurrency/in-flight.js';
import { answerInTime } from '../src/concurrency/in-time.js';
import { Rounds } from '../src/concurrency/rounds.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('rounds', () => {
  const EVERY_MS = 1000;

  /** Each round lasts until the test ends it. */
  function startRounds() {
    const underWay: PromiseWithResolvers<number>[] = [];
    const begun = { count: 0 };
    const rounds = new Rounds(
      () => {
        begun.count += 1;
        const round = Promise.withResolvers<number>();
        underWay.push(round);
        return round.promise;
      },
      () => {},
      EVERY_MS,
    );
    rounds.start();
    const end = async (fault?: Error) => {
      const round = underWay.shift();
      if (fault) round?.reject(fault);
      else round?.resolve(EVERY_MS);
      await vi.advanceTimersByTimeAsync(0);
    };
    return { rounds, begun, end };
  }

  it('follow each other once, also after one that was asked for while nothing was under way', async () => {
    const { rounds, begun, end } = startRounds();
    await end();
    await vi.advanceTimersByTimeAsync(400);
    rounds.nudge();
    expect(begun.count).toBe(2);
    await end();
    await vi.advanceTimersByTimeAsync(999);
    expect(begun.count).toBe(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(begun.count).toBe(3);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are never two at a time: one that is asked for meanwhile follows at once, and only one', async () => {
    const { rounds, begun, end } = startRounds();
    rounds.nudge();
    rounds.nudge();
    expect(begun.count).toBe(1);
    await end();
    expect(begun.count).toBe(2);
    await end();
    expect(begun.count).toBe(2);
  });

  it('go on after one that failed', async () => {
    const { begun, end } = startRounds();
    await end(new Error('no'));
    await vi.advanceTimersByTimeAsync(EVERY_MS);
    expect(begun.count).toBe(2);
  });

  it('are stopped when the one under way is over, and none follows', async () => {
    const { rounds, begun, end } = startRounds();
    let stopped = false;
    void rounds.stop().then(() => (stopped = true));
    await vi.advanceTimersByTimeAsync(EVERY_MS);
    expect(stopped).toBe(false);
    await end();
    expect({ stopped, timers: vi.getTimerCount() }).toEqual({ stopped: true, timers: 0 });
    rounds.nudge();
    expect({ begun: begun.count, timers: vi.getTimerCount() }).toEqual({ begun: 1, timers: 0 });
  });
});

it('nothing is under way only where nothing new began before that could be told', async () => {
  const inFlight = new InFlight();
  inFlight.begin();
  let none = false;
  void inFlight.none().then(() => (none = true));
  inFlight.end();
  inFlight.begin();
  await vi.advanceTimersByTimeAsync(0);
  expect(none).toBe(false);
  inFlight.end();
  await vi.advanceTimersByTimeAsync(0);
  expect(none).toBe(true);
});

it('an answer that came in time leaves nothing that keeps the process from its end', async () => {
  expect(await answerInTime(Promise.resolve('here'), 60_000)).toBe('here');
  await expect(answerInTime(Promise.reject(new Error('no')), 60_000)).rejects.toThrow('no');
  expect(vi.getTimerCount()).toBe(0);
});
