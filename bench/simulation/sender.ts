import { CATEGORIES, type Category, type Channel } from '../../src/policy/vocabulary.js';
import { DAY_SECONDS, EXPIRES_AFTER, FLEET, STEP_SECONDS } from './assumptions.js';
import { Cohorts, type EachCohort } from './cohorts.js';
import { CURVE_STEPS, curve, type Day } from './day.js';
import { KINDS, unitsOf } from './limits.js';
import type { PlannedSender } from './plan.js';
import { poisson, type Random } from './random.js';
import type { Tally } from './tally.js';

export interface Waiting {
  readonly category: Category;
  readonly tally: Tally;
  readonly cohorts: Cohorts;
  /** In this step. */
  arrived: number;
  /** Notes how long a cohort waited that is sent now. */
  readonly sent: EachCohort;
  /** Steps after which it expires. */
  readonly lives: number;
}

export interface SenderState {
  readonly index: number;
  readonly plan: PlannedSender;
  readonly channel: Channel;
  readonly units: number;
  readonly unitsPerStep: number;
  readonly burst: number;
  /** Units that it may send, as of a step. */
  tokens: number;
  tokensAt: number;
  leftToday: number;
  /** Arrivals of a step, by the curve; e^-mean is kept with it. */
  mean: number;
  expMinusMean: number;
  campaignDebt: number;
  waiting: number;
  /** In this step, all priorities together. */
  arrived: number;
  readonly byPriority: readonly Waiting[];
  /** Steps outside of the incident at whose end something waited, before it began and from then on. */
  saturated: { before: number; since: number };
  deepest: number;
}

/** A sender at midnight. @param tallies of its kind, by priority @param sent as {@link Waiting} has it, for a tally */
export function newSender(
  plan: PlannedSender,
  index: number,
  tallies: readonly Tally[],
  sent: (tally: Tally) => EachCohort,
): SenderState {
  const { channel, perSecond, perDay } = KINDS[plan.kind];
  const units = unitsOf(channel);
  return {
    index,
    plan,
    channel,
    units,
    unitsPerStep: perSecond * STEP_SECONDS,
    // As src/incidents/pace.sql.ts has it: half a second's sends and at least one may be saved up.
    burst: Math.max(units, perSecond / 2),
    tokens: 0,
    tokensAt: -1,
    leftToday: perDay ?? Infinity,
    mean: 0,
    expMinusMean: 1,
    campaignDebt: 0,
    waiting: 0,
    arrived: 0,
    byPriority: tallies.map((tally, priority) => {
      const category = CATEGORIES[priority] ?? 'marketing';
      const lives = (EXPIRES_AFTER[category] ?? Infinity) / STEP_SECONDS;
      return { category, tally, cohorts: new Cohorts(), arrived: 0, sent: sent(tally), lives };
    }),
    saturated: { before: 0, since: 0 },
    deepest: 0,
  };
}

/** Gives a sender what time has given it since it last sent. */
export function refill(sender: SenderState, step: number): void {
  const idle = step - sender.tokensAt > 1;
  sender.tokens = (idle ? sender.burst : Math.min(sender.tokens, sender.burst)) + sender.unitsPerStep;
  sender.tokensAt = step;
}

/** Notes how much arrives in a step, by priority. @returns how much in all */
export function arrivals(sender: SenderState, step: number, day: Day, random: Random): number {
  const { byPriority } = sender;
  if (sender.arrived > 0) for (const queue of byPriority) queue.arrived = 0;
  if (step % CURVE_STEPS === 0) {
    sender.mean = (sender.plan.daily * curve(step) * STEP_SECONDS) / DAY_SECONDS;
    sender.expMinusMean = Math.exp(-sender.mean);
  }
  const usual = poisson(random, sender.mean, sender.expMinusMean);
  if (usual > 0) {
    const { mix } = FLEET[sender.plan.kind];
    for (let each = 0; each < usual; each += 1) {
      const queue = byPriority[pick(mix, random())];
      if (queue) queue.arrived += 1;
    }
  }
  const marketing = ofCampaign(sender, step, day);
  const last = byPriority.at(-1);
  if (marketing > 0 && last) last.arrived += marketing;
  sender.arrived = usual + marketing;
  return sender.arrived;
}

function ofCampaign(sender: SenderState, step: number, { campaign }: Day): number {
  if (!campaign || step < campaign.from || step >= campaign.until) return 0;
  sender.campaignDebt += sender.plan.campaign / (campaign.until - campaign.from);
  const count = Math.floor(sender.campaignDebt);
  sender.campaignDebt -= count;
  return count;
}

function pick(mix: readonly number[], drawn: number): number {
  let sum = 0;
  for (let priority = 0; priority < mix.length; priority += 1) {
    sum += mix[priority] ?? 0;
    if (drawn < sum) return priority;
  }
  return 0;
}
