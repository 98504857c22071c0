import type { Channel } from '../policy/vocabulary.js';

/** The attempts on one resource within the window, across all replicas. */
export interface ResourceHealth {
  readonly resource: Channel;
  readonly attempts: number;
  /** Those of them that ended in a provider fault. */
  readonly faults: number;
}

/**
 * The resources on which an incident begins; empty if none does. Contract section 6: `threshold` faults across two or
 * more resources, or `threshold` faults on one that are at least half of its attempts. Pure.
 */
export function newIncident(health: readonly ResourceHealth[], threshold: number): ResourceHealth[] {
  const faulty = health.filter(({ faults }) => faults > 0);
  if (faulty.length >= 2 && faultsOf(faulty) >= threshold) return faulty;
  return faulty.filter((resource) => resource.faults >= threshold && isHalf(resource));
}

/**
 * The resources to which a running incident spreads; empty if there are none. An incident is already known, and
 * failures elsewhere say nothing about these resources: each needs faults of its own, at least two, and either
 * `threshold` of them or half of its attempts. Pure.
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
