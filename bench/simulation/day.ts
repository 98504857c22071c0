import { CIRCUIT_LIMITS } from '../../src/incidents/circuit.policy.js';
import { DAY_SECONDS, INCIDENT, LOAD, STEP_SECONDS } from './assumptions.js';

export const STEPS = DAY_SECONDS / STEP_SECONDS;
/** The curve is even this long. */
export const CURVE_STEPS = 60;

const stepAt = (hour: number, seconds = 0): number => Math.ceil((hour * 3600 + seconds) / STEP_SECONDS);

/** What happens on the day, in steps. */
export interface Day {
  readonly campaign: { readonly from: number; readonly until: number } | null;
  /** Nothing leaves from `from` until `until`; then it ramps up. */
  readonly incident: { readonly from: number; readonly until: number } | null;
}

const { campaign, busiestHour, peakFactor } = LOAD;

export const WORST_DAY: Day = {
  campaign: { from: stepAt(campaign.startsAtHour), until: stepAt(campaign.startsAtHour, campaign.withinSeconds) },
  incident: {
    from: stepAt(INCIDENT.startsAtHour),
    until: stepAt(INCIDENT.startsAtHour, INCIDENT.seconds + INCIDENT.foundOutAfterSeconds),
  },
};

/** The load at a step over the mean of the day; its mean over the day is 1, its peak `peakFactor`. */
export function curve(step: number): number {
  const hour = (step * STEP_SECONDS) / 3600;
  return 1 + (peakFactor - 1) * Math.cos(((hour - busiestHour) / 24) * 2 * Math.PI);
}

/**
 * How many a circuit lets out in the n-th step after it became half-open (from 0): 1, 2, 4 … at a time, up to the
 * largest release, as src/incidents/circuit.ramp.ts does.
 */
export function ramp(sinceHalfOpen: number): number {
  const { stepMs, largestStep } = CIRCUIT_LIMITS;
  const releases = (STEP_SECONDS * 1000) / stepMs;
  let sum = 0;
  for (let release = 0; release < releases; release += 1) {
    sum += Math.min(largestStep, 2 ** Math.min(30, sinceHalfOpen * releases + release));
  }
  return sum;
}
