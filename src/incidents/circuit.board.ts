import { Injectable } from '@nestjs/common';
import type { Circuit } from './circuit.policy.js';
import { circuitId, type CircuitScope } from './circuit.scope.js';

const NEVER_CHANGED: Circuit = { state: 'closed', changedAt: new Date(0), recoveredFrom: null };

/** A circuit as this replica knows it. */
export interface KnownCircuit {
  readonly id: string;
  readonly scope: CircuitScope;
  readonly circuit: Circuit;
}

interface Entry extends KnownCircuit {
  circuit: Circuit;
  /** The board's clock at the last change: an older reading of the database must not undo it. */
  touched: number;
  /** Number of this replica's changes that are not saved yet. */
  unsaved: number;
}

/** Every circuit, in memory. It is consulted before each request, so it never waits for the database. */
@Injectable()
export class CircuitBoard {
  private readonly byScope = new Map<CircuitScope, Entry>();
  private readonly byId = new Map<string, Entry>();
  private clock = 0;
  private notClosed = 0;
  private stateChanged: () => void = () => {};

  get allClosed(): boolean {
    return this.notClosed === 0;
  }

  get(scope: CircuitScope): Circuit {
    return this.byScope.get(scope)?.circuit ?? NEVER_CHANGED;
  }

  /** Undefined for a scope never heard of, which counts as closed. */
  lookUp(scope: CircuitScope): KnownCircuit | undefined {
    return this.byScope.get(scope);
  }

  /** @param id of what holds or released some work; null if nothing does */
  find(id: string | null): KnownCircuit | undefined {
    return id === null ? undefined : this.byId.get(id);
  }

  known(): readonly KnownCircuit[] {
    return [...this.byScope.values()];
  }

  /** Calls `handler` whenever a circuit's state changes. */
  onStateChange(handler: () => void): void {
    this.stateChanged = handler;
  }

  /** Records a change by this replica, in force here at once. Call {@link saved} when it is in the database. */
  changeHere(scope: CircuitScope, circuit: Circuit): void {
    const entry = this.entry(scope);
    entry.unsaved += 1;
    this.put(entry, circuit);
  }

  /** Whether no change by this replica is on its way to the database; also true of what is no circuit. */
  isSaved(id: string): boolean {
    return (this.byId.get(id)?.unsaved ?? 0) === 0;
  }

  /** Takes over what this replica's change became in the database. */
  saved(scope: CircuitScope, circuit: Circuit): void {
    const entry = this.entry(scope);
    entry.unsaved = Math.max(0, entry.unsaved - 1);
    if (entry.unsaved === 0) this.put(entry, circuit);
  }

  /** Takes over a saved change that did not go through {@link changeHere}. */
  learn(scope: CircuitScope, circuit: Circuit): void {
    const entry = this.entry(scope);
    if (entry.unsaved === 0) this.put(entry, circuit);
  }

  /** Call this before reading the database, and pass the result to {@link take}. */
  beforeReading(): number {
    return this.clock;
  }

  /** Takes over a reading of the database, except where this replica has unsaved or newer changes. */
  take(circuits: readonly { readonly scope: CircuitScope; readonly circuit: Circuit }[], asOf: number): void {
    for (const { scope, circuit } of circuits) {
      const entry = this.entry(scope);
      if (entry.unsaved === 0 && entry.touched <= asOf) this.replace(entry, circuit);
    }
  }

  private entry(scope: CircuitScope): Entry {
    const known = this.byScope.get(scope);
    if (known) return known;
    const entry: Entry = { id: circuitId(scope), scope, circuit: NEVER_CHANGED, touched: 0, unsaved: 0 };
    this.byScope.set(scope, entry);
    this.byId.set(entry.id, entry);
    return entry;
  }

  private put(entry: Entry, circuit: Circuit): void {
    this.clock += 1;
    entry.touched = this.clock;
    this.replace(entry, circuit);
  }

  private replace(entry: Entry, circuit: Circuit): void {
    this.notClosed += Number(circuit.state !== 'closed') - Number(entry.circuit.state !== 'closed');
    const changed = circuit.state !== entry.circuit.state;
    entry.circuit = circuit;
    if (changed) this.stateChanged();
  }
}
