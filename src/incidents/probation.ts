import type { CircuitScope } from './circuit.scope.js';

/**
 * More than one fault in this many sends ends a recovery: far above the rate of isolated faults, far below that of a
 * provider that is down. A judgement, not a measurement.
 */
const SENDS_PER_FAULT = 20;

interface Recovery {
  /** When the circuit half-opened. */
  readonly since: number;
  passed: number;
  faults: number;
}

/**
 * Results of the sends of a half-open circuit on this replica. The first must get through; later, a lone fault among
 * many is no reason to stop thousands of waiting sends.
 */
export class Probation {
  private readonly recoveries = new Map<CircuitScope, Recovery>();

  notePassed(scope: CircuitScope, since: Date): void {
    this.of(scope, since).passed += 1;
  }

  /** @returns true if there are too many for a recovery */
  noteFault(scope: CircuitScope, since: Date): boolean {
    const recovery = this.of(scope, since);
    recovery.faults += 1;
    return recovery.faults * SENDS_PER_FAULT > recovery.passed + recovery.faults;
  }

  private of(scope: CircuitScope, since: Date): Recovery {
    const known = this.recoveries.get(scope);
    if (known?.since === since.getTime()) return known;
    const fresh = { since: since.getTime(), passed: 0, faults: 0 };
    this.recoveries.set(scope, fresh);
    return fresh;
  }
}
