import { CIRCUIT_LIMITS } from './circuit.policy.js';
import type { CircuitScope } from './circuit.scope.js';

/**
 * Recent rate limits per sender on this replica: one says little, several in a row mean that the sender is too fast.
 */
export class RateLimitStreak {
  private readonly times = new Map<CircuitScope, number[]>();

  /** @param now milliseconds on a monotonic clock. @returns true if this is one too many */
  note(scope: CircuitScope, now: number): boolean {
    const since = now - CIRCUIT_LIMITS.rateLimitWindowMs;
    const recent = [...(this.times.get(scope) ?? []).filter((time) => time > since), now];
    if (recent.length < CIRCUIT_LIMITS.rateLimits) {
      this.times.set(scope, recent);
      return false;
    }
    this.times.delete(scope);
    return true;
  }
}
