import { Inject, Injectable } from '@nestjs/common';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { Database, type Transaction } from '../database/database.js';
import { ALERT_CAUSES, type AlertCauses } from './alert.port.js';
import { nextCircuit, type CircuitEvent } from './circuit.policy.js';
import { circuitOfRow, columnsOf, type CircuitRow } from './circuit.row.js';
import { circuitId, type CircuitScope } from './circuit.scope.js';
import {
  ANNOUNCE_CIRCUITS,
  FIND_CIRCUIT,
  LIST_CIRCUITS,
  LOAD_CIRCUITS,
  LOCK_CIRCUIT,
  ONE_CHANGE_AT_A_TIME,
  SEED_CIRCUITS,
  WRITE_CIRCUIT,
} from './circuit.store.sql.js';
import { alertOf, endingOf, maskScope, tellChange, type CircuitChange } from './circuit.story.js';
import { IncidentTimeline } from './incident.timeline.js';

/** The circuits in the database, shared by all replicas: a change is decided on the locked row. */
@Injectable()
export class CircuitStore {
  constructor(
    private readonly database: Database,
    private readonly timeline: IncidentTimeline,
    @Inject(ALERT_CAUSES) private readonly alerts: AlertCauses,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  async seed(scopes: readonly CircuitScope[]): Promise<void> {
    await this.database.run(SEED_CIRCUITS, [scopes.map(circuitId), scopes]);
  }

  /** Every circuit, and the database's time; null if there are no circuits. */
  async load(): Promise<{ rows: readonly CircuitRow[]; now: Date | null }> {
    const rows = await this.database.run<CircuitRow & { now: Date }>(LOAD_CIRCUITS);
    return { rows, now: rows[0]?.now ?? null };
  }

  list(afterScope: string, limit: number): Promise<CircuitRow[]> {
    return this.database.run(LIST_CIRCUITS, [afterScope, limit]);
  }

  async find(id: string): Promise<CircuitRow | null> {
    const [row] = await this.database.run<CircuitRow>(FIND_CIRCUIT, [id]);
    return row ?? null;
  }

  /**
   * Applies an event to a circuit. The row, the incident's timeline and end, and the alert change together or not at
   * all, and every replica is notified.
   * @param also runs in the same transaction, for example to write the audit log
   */
  change(
    scope: CircuitScope,
    event: CircuitEvent,
    also?: (transaction: Transaction, change: CircuitChange) => Promise<void>,
  ): Promise<CircuitChange> {
    return this.exclusively(async (transaction) => {
      const change = await this.changeWithin(transaction, scope, event);
      await also?.(transaction, change);
      return change;
    });
  }

  /** Runs a transaction during which no other circuit or incident changes on any replica. */
  exclusively<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.database.transaction(async (transaction) => {
      await transaction.run(ONE_CHANGE_AT_A_TIME);
      return work(transaction);
    });
  }

  /** {@link change} within an exclusive transaction. */
  async changeWithin(transaction: Transaction, scope: CircuitScope, event: CircuitEvent): Promise<CircuitChange> {
    const id = circuitId(scope);
    const [row] = await transaction.run<CircuitRow & { now: Date }>(LOCK_CIRCUIT, [id, scope]);
    if (!row) throw new Error('The circuit could neither be found nor made');
    const before = circuitOfRow(row);
    const after = nextCircuit(before, event, row.now, this.configuration.env.INCIDENT_PROBE_MS);
    const change = { id, scope, before, after, event, released: row.released, at: row.now };
    if (after === before) return change;
    await transaction.run(WRITE_CIRCUIT, columnsOf(id, after));
    await this.report(transaction, change);
    await transaction.run(ANNOUNCE_CIRCUITS);
    return change;
  }

  private async report(transaction: Transaction, change: CircuitChange): Promise<void> {
    await this.reportAlert(transaction, change);
    const { before, after } = change;
    const incidentId = before.state === 'closed' ? null : before.incidentId;
    if (incidentId === null) return;
    const told = tellChange(change);
    if (told) await this.timeline.tell(transaction, incidentId, told.kind, told.sentence);
    if (after.state === 'closed' || after.incidentId !== incidentId) {
      await this.timeline.endIfOver(transaction, incidentId, change.event.kind === 'operator_closes');
    }
  }

  private async reportAlert(transaction: Transaction, change: CircuitChange): Promise<void> {
    const [was, is] = [alertOf(change.before), alertOf(change.after)];
    if (was === is) return;
    const scope = maskScope(change.scope);
    const facts = { subjectId: change.id, scope, at: change.at };
    if (was) await this.alerts.resolved(was, { ...facts, summary: endingOf(change) }, transaction);
    if (is && change.after.state !== 'closed') {
      const summary = `${scope} does not send: ${change.after.reason}.`;
      const providerCode = change.event.kind === 'refused' ? change.event.providerCode : null;
      await this.alerts.opened(is, { ...facts, summary, providerCode }, transaction);
    }
  }
}
