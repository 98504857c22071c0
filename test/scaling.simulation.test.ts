import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Account, type SimulationEvent } from '../bench/simulation/account.js';
import {
  ACCOUNTS,
  CONNECTIONS,
  FLEET,
  KEPT_DAYS,
  LOAD,
  PROCESS,
  STEP_SECONDS,
} from '../bench/simulation/assumptions.js';
import { serversNeeded, shardLoad } from '../bench/simulation/capacity.js';
import { curve, ramp, STEPS, WORST_DAY } from '../bench/simulation/day.js';
import { DOCUMENT, SEED, withResults } from '../bench/simulation/document.js';
import { KIND_NAMES, KINDS, LIMITS, unitsOf } from '../bench/simulation/limits.js';
import { mostADay, planDay } from '../bench/simulation/plan.js';
import { seededRandom } from '../bench/simulation/random.js';
import { simulate, type Simulation } from '../bench/simulation/simulate.js';
import { Tally } from '../bench/simulation/tally.js';
import { readMeasured } from '../bench/scaling/measured.js';
import { readEnvironment } from '../src/config/read-environment.js';
import { CATEGORIES } from '../src/policy/vocabulary.js';

type Heard = SimulationEvent & { readonly account: number };

/** A hundredth of the senders and of the notifications: what one of them goes through is the same. */
const SCALE = 0.01;

function observed(): { simulation: Simulation; events: Heard[] } {
  const events: Heard[] = [];
  const simulation = simulate({ seed: SEED, scale: SCALE, observe: (event) => events.push(event) });
  return { simulation, events };
}

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
const senderOf = (event: Heard) => `${event.account}/${event.sender}`;

describe('a day of the simulation', () => {
  const { simulation, events } = observed();
  const sum = (kind: Heard['kind']) => events.reduce((all, event) => all + (event.kind === kind ? event.count : 0), 0);

  it('accounts for every notification: what was accepted was sent, has expired or waits', () => {
    const { accepted, sent, expired, waiting } = simulation.total;
    expect({ accepted, sent, expired }).toEqual({
      accepted: sum('accepted'),
      sent: sum('sent'),
      expired: sum('expired'),
    });
    expect(accepted).toBe(sent + expired + waiting);
    expect(waiting).toBeGreaterThanOrEqual(0);
    expect(accepted / (LOAD.notificationsADay * SCALE)).toBeCloseTo(1, 2);
    for (const { total } of Object.values(simulation.kinds)) {
      const { before, incident, after } = total.lags;
      expect(before.total + incident.total + after.total).toBe(total.sent);
    }
  });

  it('takes no notification from a sender before it was accepted there', () => {
    const waiting = new Map<string, number>();
    const tooEarly = events.filter((event) => {
      const queue = `${senderOf(event)} ${event.category}`;
      const left = (waiting.get(queue) ?? 0) + (event.kind === 'accepted' ? event.count : -event.count);
      waiting.set(queue, left);
      return left < 0;
    });
    expect(tooEarly).toEqual([]);
  });

  it('never sends faster than a sender may, nor more in a day', () => {
    const plans = planDay(SEED, SCALE).senders;
    for (const [sender, sends] of Map.groupBy(
      events.filter(({ kind }) => kind === 'sent'),
      senderOf,
    )) {
      const [account, index] = sender.split('/').map(Number);
      const plan = plans.filter((each) => each.account === account)[index ?? 0];
      if (!plan) throw new Error(`There is no sender ${sender}`);
      const { channel, perSecond, perDay } = KINDS[plan.kind];
      const burst = Math.max(unitsOf(channel), perSecond / 2);
      const units = new Map<number, number>();
      for (const { step, count } of sends) units.set(step, (units.get(step) ?? 0) + count * unitsOf(channel));
      const sentIn = (step: number, steps: number) =>
        Array.from({ length: steps }, (_, back) => units.get(step - back) ?? 0).reduce((all, each) => all + each, 0);
      const tooFast = [...units.keys()].filter((step) =>
        [1, 4, 40].some((steps) => sentIn(step, steps) > perSecond * STEP_SECONDS * steps + burst + 1e-9),
      );
      expect(tooFast).toEqual([]);
      expect(sends.reduce((all, { count }) => all + count, 0)).toBeLessThanOrEqual(perDay ?? Infinity);
    }
  });

  it('never lets an account send faster than it may', () => {
    const sms = new Map<string, number>();
    const plans = Map.groupBy(planDay(SEED, SCALE).senders, ({ account }) => account);
    for (const { kind, account, sender, step, count } of events) {
      const plan = plans.get(account)?.[sender];
      if (kind !== 'sent' || !plan) continue;
      const key = `${account} ${step}`;
      sms.set(key, (sms.get(key) ?? 0) + count * unitsOf(KINDS[plan.kind].channel));
    }
    expect(Math.max(...sms.values())).toBeLessThanOrEqual(LIMITS.account.perSecond * STEP_SECONDS);
  });

  it('sends nothing of a sender while something of a higher priority waits there', () => {
    const waiting = new Map<string, number[]>();
    const overtook = events.filter((event) => {
      const priority = CATEGORIES.indexOf(event.category);
      const queue = waiting.get(senderOf(event)) ?? CATEGORIES.map(() => 0);
      waiting.set(senderOf(event), queue);
      queue[priority] = (queue[priority] ?? 0) + (event.kind === 'accepted' ? event.count : -event.count);
      return event.kind === 'sent' && queue.slice(0, priority).some((count) => count > 0);
    });
    expect(overtook).toEqual([]);
  });

  it('sends nothing during the incident, and everything that is still wanted after it', () => {
    const { incident } = WORST_DAY;
    const from = incident?.from ?? 0;
    const until = incident?.until ?? 0;
    expect(events.filter(({ kind, step }) => kind === 'sent' && step >= from && step < until)).toEqual([]);
    expect(simulation.deepest.all).toBeGreaterThan(100 * simulation.deepest.before);
    expect(simulation.total.waiting).toBe(0);
    for (const seconds of Object.values(simulation.drainedAfter)) expect(seconds).toBeGreaterThan(0);
    expect(simulation.categories.transactional.expired).toBe(0);
  });

  it('lets codes expire that nobody can use any more, and sends none of those', () => {
    const { otp } = simulation.categories;
    expect(otp.expired).toBeGreaterThan(0);
    expect(otp.lags.incident.longest).toBeLessThanOrEqual(600);
  });

  it('keeps the higher priority waiting no longer after the incident', () => {
    const p99 = CATEGORIES.map((category) => simulation.categories[category].lags.after.within(0.99));
    expect(p99).toEqual(p99.toSorted((a, b) => a - b));
  });

  it('is the same for the same seed and another for another', () => {
    const again = simulate({ seed: SEED, scale: SCALE });
    expect(again).toEqual(simulation);
    expect(simulate({ seed: SEED + 1, scale: SCALE })).not.toEqual(simulation);
  });
});

it('shares the limit of an account by priority when its senders could send more', () => {
  // Each could send what it is given, but for the account.
  const senders = Array.from({ length: 30 }, (_, index) => {
    return { kind: 'shortCode' as const, account: 0, subaccount: index % 10, daily: 4_000_000, campaign: 0 };
  });
  const { tallies, sentUnits } = new Account(senders, { campaign: null, incident: null }, seededRandom(SEED)).run();
  expect(Math.max(...sentUnits)).toBeGreaterThan(0.99 * LIMITS.account.perSecond * STEP_SECONDS);
  expect(Math.max(...sentUnits)).toBeLessThanOrEqual(LIMITS.account.perSecond * STEP_SECONDS + 1e-6);
  const [otp = 1, , , marketing = 0] = CATEGORIES.map((_, priority) => notSent([...tallies.values()], priority));
  expect(marketing).toBeGreaterThan(0.2);
  expect(otp).toBeLessThan(marketing / 10);
});

/** Of 1. */
function notSent(kinds: readonly (readonly Tally[])[], priority: number): number {
  const total = new Tally();
  for (const tallies of kinds) for (const tally of tallies.slice(priority, priority + 1)) total.include(tally);
  return 1 - total.sent / total.accepted;
}

describe('the plan', () => {
  const { senders, relieved } = planDay(SEED);

  it('is for 10,000 senders and 100 million notifications', () => {
    expect(senders).toHaveLength(10_000);
    const planned = senders.reduce((sum, { daily, campaign }) => sum + daily + campaign, 0);
    expect(planned / 100_000_000).toBeCloseTo(1, 6);
    expect(KIND_NAMES.reduce((sum, kind) => sum + FLEET[kind].share, 0)).toBeCloseTo(1, 9);
    for (const kind of KIND_NAMES) expect(FLEET[kind].mix.reduce((sum, part) => sum + part, 0)).toBeCloseTo(1, 9);
  });

  it('keeps every sender below its limits, also where clients would not', () => {
    for (const { kind, daily, campaign } of senders)
      expect(daily + campaign).toBeLessThanOrEqual(mostADay(kind) + 1e-3);
    expect(Object.values(relieved).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(100);
  });

  it('says how many senders are needed where there are too few', () => {
    expect(() => planDay(SEED, 1, 100 * LOAD.notificationsADay)).toThrow(/senders are needed, there are/);
  });
});

describe('the day', () => {
  it('has the planned mean and peak', () => {
    const load = Array.from({ length: STEPS }, (_, step) => curve(step));
    expect(load.reduce((sum, each) => sum + each, 0) / STEPS).toBeCloseTo(1, 6);
    expect(Math.max(...load)).toBeCloseTo(LOAD.peakFactor, 3);
    expect(Math.min(...load)).toBeGreaterThanOrEqual(0);
  });

  it('ramps up as circuits do: twice as much each time, until it is enough', () => {
    expect(ramp(0)).toBeLessThan(ramp(1));
    expect(ramp(1)).toBe(ramp(2));
  });
});

it('assumes what the service is set to', () => {
  const env = readEnvironment({});
  const plannedOnce = Number(/PLAN_ONCE_CONNECTIONS = (\d+)/.exec(read('src/database/database.ts'))?.[1]);
  expect(PROCESS.slots).toBe(env.DISPATCH_CONCURRENCY);
  expect(KEPT_DAYS).toBe(env.HISTORY_RETENTION_DAYS);
  expect(CONNECTIONS).toEqual({ pool: env.DATABASE_POOL_MAX, plannedOnce, listen: 1 });
  const each = CONNECTIONS.pool + CONNECTIONS.plannedOnce + CONNECTIONS.listen;
  expect(read(DOCUMENT)).toContain(`So ${each}, and`);
  expect(read('docs/operations/running.md')).toContain(
    `\`DATABASE_POOL_MAX\` + ${each - CONNECTIONS.pool} per process`,
  );
});

it('gives each of twice as many shards half of the work', () => {
  const measured = readMeasured();
  const simulation = simulate({ seed: SEED, scale: SCALE });
  const { terabytes, walMegabytes } = shardLoad(simulation, measured, 4);
  const half = shardLoad(simulation, measured, 8);
  expect(half.terabytes).toBeCloseTo(terabytes / 2, 6);
  expect(half.walMegabytes).toBeCloseTo(walMegabytes / 2, 6);
  const { byStorage } = serversNeeded(simulation, measured);
  expect(shardLoad(simulation, measured, byStorage).terabytes).toBeLessThanOrEqual(8);
});

it(`${DOCUMENT} shows the day in full as it is simulated`, () => {
  const simulation = simulate({ seed: SEED });
  expect(simulation.plan.senders).toHaveLength(10_000);
  expect(ACCOUNTS.accounts * ACCOUNTS.subaccountsEach).toBe(100);
  const document = read(DOCUMENT);
  expect(withResults(document, simulation, readMeasured())).toBe(document);
});
