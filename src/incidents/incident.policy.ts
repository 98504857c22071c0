import type { Channel } from '../policy/vocabulary.js';

/** What the attempts on one resource said within the window, on all replicas together. */
export interface ResourceHealth {
  readonly resource: Channel;
  readonly attempts: number;
  /** Of them, attempts that ended in a provider fault. */
  readonly faults: number;
}

/**
 * The resources on which an incident begins; empty when there is none. Contract section 6: `threshold` faults across two
 * or more resources, or `threshold` faults that are at least half of the attempts on one. Pure.
 */
export function newIncident(health: readonly ResourceHealth[], threshold: number): ResourceHealth[] {
  const faulty = health.filter(({ faults }) => faults > 0);
  if (faulty.length >= 2 && faultsOf(faulty) >= threshold) return faulty;
  return faulty.filter((resource) => resource.faults >= threshold && isHalf(resource));
}

/**
 * The resources to which a running incident spreads; empty when there are none. That something is wrong is known by
 * then, and what failed elsewhere says nothing of these: each needs faults of its own, `threshold` of them or half of
 * its attempts, and never just one. Pure.
 * @param health of the resources that still send
 */
export function spreadOfIncident(health: readonly ResourceHealth[], threshold: number): ResourceHealth[] {
  return health.filter((resource) => resource.faults >= 2 && (resource.faults >= threshold || isHalf(resource)));
}

export function faultsOf(health: readonly ResourceHealth[]): number {
  return health.reduce((sum, { faults }) => sum + faults, 0);
}

function isHalf({ faults, attempts }: ResourceHealth): boolean {
  return faults * 2 >= attempts;
}
