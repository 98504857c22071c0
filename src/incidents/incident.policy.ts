import type { Channel } from '../policy/vocabulary.js';

/** What the attempts on one resource said within the window, on all replicas together. */
export interface ResourceHealth {
  readonly resource: Channel;
  readonly attempts: number;
  /** Of them, attempts that ended in a provider fault. */
  readonly faults: number;
}

/**
 * The resources an incident affects; empty when there is none. Contract section 6: `threshold` faults across two or
 * more resources, or `threshold` faults that are at least half of the attempts on one. Pure.
 */
export function affectedResources(health: readonly ResourceHealth[], threshold: number): Channel[] {
  const faulty = health.filter(({ faults }) => faults > 0);
  const faults = faulty.reduce((sum, resource) => sum + resource.faults, 0);
  if (faulty.length >= 2 && faults >= threshold) return faulty.map(({ resource }) => resource);
  return faulty
    .filter(({ faults, attempts }) => faults >= threshold && faults * 2 >= attempts)
    .map(({ resource }) => resource);
}
