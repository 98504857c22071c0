import { CATEGORIES, type Category, type Channel, CHANNELS } from '../../src/policy/vocabulary.js';
import { Account, type AccountDay, type SimulationEvent } from './account.js';
import { ACCOUNTS, STEP_SECONDS } from './assumptions.js';
import { type Day, STEPS, WORST_DAY } from './day.js';
import { KIND_NAMES, type KindName } from './limits.js';
import { type Plan, planDay } from './plan.js';
import { seededRandom } from './random.js';
import { Tally } from './tally.js';

export interface SimulationOptions {
  readonly seed: number;
  /** Of the senders, the notifications and the accounts' limits stay as they are. */
  readonly scale?: number;
  readonly day?: Day;
  readonly observe?: (event: SimulationEvent & { readonly account: number }) => void;
}

export interface KindDay {
  readonly senders: number;
  readonly relieved: number;
  /** Senders with something waiting for a minute or more in all: before the incident, and once it was over. */
  readonly saturated: { readonly before: number; readonly since: number };
  /** The most that waited for one of them. */
  readonly deepest: number;
  readonly total: Tally;
}

export interface Peak {
  readonly accepted: number;
  readonly sent: number;
  /** Half of a notification's writes belong to its acceptance, half to its sending. */
  readonly lives: number;
  readonly sentUnitsOfAnAccount: number;
}

export interface Simulation {
  readonly plan: Plan;
  readonly kinds: Readonly<Record<KindName, KindDay>>;
  readonly categories: Readonly<Record<Category, Tally>>;
  readonly total: Tally;
  /** Notifications a second, the most of any minute. */
  readonly peak: Peak;
  /** The same before the incident. */
  readonly usualPeak: Peak;
  /** The most that waited at any time, before the incident and in all. */
  readonly deepest: { readonly before: number; readonly all: number };
  /** Seconds after the end of the incident until nothing was held any more, of the last account. */
  readonly drainedAfter: Readonly<Record<Channel, number | null>>;
}

const STEPS_A_MINUTE = 60 / STEP_SECONDS;

/** A day of all senders; the same for the same options. */
export function simulate({ seed, scale = 1, day = WORST_DAY, observe }: SimulationOptions): Simulation {
  const plan = planDay(seed, scale);
  const accounts = Array.from({ length: ACCOUNTS.accounts }, (_, account) => {
    const senders = plan.senders.filter((sender) => sender.account === account);
    const heard = observe && ((event: SimulationEvent) => observe({ ...event, account }));
    return new Account(senders, day, seededRandom(seed + 1 + account), heard).run();
  });
  const incidentAt = day.incident?.from ?? STEPS;
  const waiting = sumOf(accounts, (account) => account.waiting);
  return {
    plan,
    kinds: mapKinds((kind) => kindDay(kind, accounts, plan)),
    categories: Object.fromEntries(
      CATEGORIES.map((category, priority) => [
        category,
        tallyOf(accounts, (tallies) => tallies.slice(priority, priority + 1)),
      ]),
    ) as Record<Category, Tally>,
    total: tallyOf(accounts, (tallies) => tallies),
    peak: peaks(accounts, STEPS),
    usualPeak: peaks(accounts, incidentAt),
    deepest: { before: most(waiting.subarray(0, incidentAt)), all: most(waiting) },
    drainedAfter: Object.fromEntries(CHANNELS.map((channel) => [channel, drained(accounts, channel, day)])) as Record<
      Channel,
      number | null
    >,
  };
}

function kindDay(kind: KindName, accounts: readonly AccountDay[], plan: Plan): KindDay {
  const senders = accounts.flatMap((account) => account.senders).filter((sender) => sender.plan.kind === kind);
  const total = new Tally();
  for (const account of accounts) for (const tally of account.tallies.get(kind) ?? []) total.include(tally);
  return {
    senders: senders.length,
    relieved: plan.relieved[kind],
    saturated: {
      before: senders.filter(({ saturated }) => saturated.before >= STEPS_A_MINUTE).length,
      since: senders.filter(({ saturated }) => saturated.since >= STEPS_A_MINUTE).length,
    },
    deepest: senders.reduce((deepest, sender) => Math.max(deepest, sender.deepest), 0),
    total,
  };
}

function tallyOf(accounts: readonly AccountDay[], of: (tallies: readonly Tally[]) => readonly Tally[]): Tally {
  const total = new Tally();
  for (const account of accounts)
    for (const tallies of account.tallies.values()) for (const tally of of(tallies)) total.include(tally);
  return total;
}

function peaks(accounts: readonly AccountDay[], until: number): Peak {
  const perSecond = (series: Float64Array) => peakPerSecond(series.subarray(0, until));
  const accepted = sumOf(accounts, (account) => account.accepted);
  const sent = sumOf(accounts, (account) => account.sent);
  return {
    accepted: perSecond(accepted),
    sent: perSecond(sent),
    lives: perSecond(accepted.map((count, step) => (count + (sent[step] ?? 0)) / 2)),
    sentUnitsOfAnAccount: Math.max(...accounts.map((account) => perSecond(account.sentUnits))),
  };
}

function peakPerSecond(series: Float64Array): number {
  let peak = 0;
  for (let step = 0; step + STEPS_A_MINUTE <= series.length; step += STEPS_A_MINUTE) {
    const minute = series.subarray(step, step + STEPS_A_MINUTE).reduce((sum, count) => sum + count, 0);
    peak = Math.max(peak, minute / 60);
  }
  return peak;
}

function sumOf(accounts: readonly AccountDay[], of: (account: AccountDay) => Float64Array): Float64Array {
  const sum = new Float64Array(STEPS);
  for (const account of accounts) of(account).forEach((count, step) => (sum[step] = (sum[step] ?? 0) + count));
  return sum;
}

function most(series: Float64Array): number {
  return series.reduce((highest, count) => Math.max(highest, count), 0);
}

function drained(accounts: readonly AccountDay[], channel: Channel, { incident }: Day): number | null {
  if (!incident) return 0;
  let last = incident.until;
  for (const { drainedAt } of accounts) {
    const step = drainedAt[channel];
    if (step === null) return null;
    last = Math.max(last, step);
  }
  return (last - incident.until) * STEP_SECONDS;
}

function mapKinds<T>(of: (kind: KindName) => T): Record<KindName, T> {
  return Object.fromEntries(KIND_NAMES.map((kind) => [kind, of(kind)])) as Record<KindName, T>;
}
