import { Inject, Injectable } from '@nestjs/common';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { Database } from '../database/database.js';
import { Outbox } from '../outbox/outbox.js';
import { CircuitBoard } from './circuit.board.js';
import type { Circuit } from './circuit.policy.js';
import type { CircuitScope } from './circuit.scope.js';
import { GIVE_PROBE_BACK, TAKE_PROBE } from './circuit.store.sql.js';
import { IncidentTimeline } from './incident.timeline.js';
import { Pacer } from './pacer.js';
import { StatusReport } from './status.report.js';

type OpenCircuit = Circuit & { readonly state: 'open' };

/** Lets one real send try whether an open circuit may close. */
@Injectable()
export class CircuitProbe {
  constructor(
    private readonly board: CircuitBoard,
    private readonly outbox: Outbox,
    private readonly pacer: Pacer,
    private readonly timeline: IncidentTimeline,
    private readonly statusReport: StatusReport,
    private readonly database: Database,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  /** Sends the probe that is due, if no other replica does. @returns false when it was not this replica's to send. */
  async send(id: string, scope: CircuitScope, circuit: OpenCircuit): Promise<boolean> {
    const everyMs = this.configuration.env.INCIDENT_PROBE_MS;
    const [taken] = await this.database.run<{ nextProbeAt: Date }>(TAKE_PROBE, [id, everyMs]);
    if (!taken) return false;
    this.board.learn(scope, { ...circuit, nextProbeAt: taken.nextProbeAt });
    // Counted while the probe still waits with the others.
    const waiting = circuit.incidentId === null ? 0 : await this.waitingFor(circuit.incidentId);
    const probe = await this.outbox.releaseProbe(id);
    if (!probe) {
      await this.database.run(GIVE_PROBE_BACK, [id]);
      return false;
    }
    await this.pacer.owe(probe);
    if (circuit.incidentId !== null) await this.tell(circuit.incidentId, scope, probe.notificationId, waiting);
    return true;
  }

  /** How much waits in the circuits of an incident; the timeline keeps the most. */
  async waitingFor(incidentId: string): Promise<number> {
    const counts = await this.outbox.heldCounts();
    const waiting = this.board
      .known()
      .filter(({ circuit }) => circuit.state !== 'closed' && circuit.incidentId === incidentId)
      .reduce((sum, { id }) => sum + (counts.get(id) ?? 0), 0);
    await this.timeline.noteHeld(this.database, incidentId, waiting);
    return waiting;
  }

  private async tell(incidentId: string, scope: CircuitScope, notificationId: string, waiting: number): Promise<void> {
    const what = scope.replace('resource:', '');
    const sentence = `${what}: notification ${notificationId} goes out as a probe; ${waiting} wait in all.`;
    await this.timeline.tell(this.database, incidentId, 'probe_sent', sentence);
    void this.statusReport.quote(incidentId);
  }
}
