import type { CircuitScope } from './circuit.scope.js';

/**
 * A fault in so many sends ends a recovery: far more than single faults come to, far less than a provider that is down.
 * A judgement, not a measurement.
 */
const SENDS_PER_FAULT = 20;

interface Record {
  /** When the circuit half-opened. */
  readonly since: number;
  passed: number;
  faults: number;
}

/**
 * What became of the sends of a half-open circuit, on this replica. The first of them must get through; later a lone
 * fault among many is no reason to stop thousands that wait.
 */
export class Probation {
  private readonly records = new Map<CircuitScope, Record>();

  notePassed(scope: CircuitScope, since: Date): void {
    this.of(scope, since).passed += 1;
  }

  /** @returns true when there are too many for a recovery. */
  noteFault(scope: CircuitScope, since: Date): boolean {
    const record = this.of(scope, since);
    record.faults += 1;
    return record.faults * SENDS_PER_FAULT > record.passed + record.faults;
  }

  private of(scope: CircuitScope, since: Date): Record {
    const known = this.records.get(scope);
    if (known?.since === since.getTime()) return known;
    const fresh = { since: since.getTime(), passed: 0, faults: 0 };
    this.records.set(scope, fresh);
    return fresh;
  }
}
