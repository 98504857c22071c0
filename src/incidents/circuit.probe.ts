import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { Database } from '../database/database.js';
import { DatabaseClock } from '../database/database.clock.js';
import { LOGGER } from '../logging/logger.js';
import { Outbox } from '../outbox/outbox.js';
import type { Work } from '../outbox/work.js';
import { loggableError } from '../problems/loggable-error.js';
import { CircuitBoard, type KnownCircuit } from './circuit.board.js';
import type { OpenCircuit } from './circuit.policy.js';
import { nameIn, type CircuitScope } from './circuit.scope.js';
import { GIVE_PROBE_BACK, TAKE_PROBE } from './circuit.store.sql.js';
import { IncidentTimeline } from './incident.timeline.js';
import { Pacer } from './pacer.js';
import { StatusReport } from './status.report.js';

/** Lets one real send test whether an open circuit may close. */
@Injectable()
export class CircuitProbe {
  constructor(
    private readonly board: CircuitBoard,
    private readonly outbox: Outbox,
    private readonly pacer: Pacer,
    private readonly timeline: IncidentTimeline,
    private readonly statusReport: StatusReport,
    private readonly database: Database,
    private readonly clock: DatabaseClock,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** Releases the due probe unless another replica does. @returns false if another one did, or nothing was held */
  async send(id: string, scope: CircuitScope, circuit: OpenCircuit): Promise<boolean> {
    const everyMs = this.configuration.env.INCIDENT_PROBE_MS;
    const [taken] = await this.database.run<{ nextProbeAt: Date }>(TAKE_PROBE, [id, everyMs]);
    if (!taken) return false;
    this.board.learn(scope, { ...circuit, nextProbeAt: taken.nextProbeAt });
    // Count while the probe is still held with the others.
    if (circuit.incidentId !== null) await this.waitingFor(circuit.incidentId);
    const probe = await this.outbox.releaseProbe(id);
    if (!probe) {
      await this.database.run(GIVE_PROBE_BACK, [id]);
      return false;
    }
    return true;
  }

  /**
   * Records that a probe leaves now; it may have been delayed since its release. Its request does not wait for these
   * writes.
   */
  left({ scope, circuit }: KnownCircuit, work: Work, isFirst: boolean): void {
    // The writes take a while, and the probe's result may be stored first.
    const at = this.clock.now();
    const note = async () => {
      if (work.stage === 'send') await this.pacer.owe(work);
      const incidentId = circuit.state === 'closed' || !isFirst ? null : circuit.incidentId;
      if (incidentId !== null) await this.tell(incidentId, scope, work.notificationId, at);
    };
    note().catch((error: unknown) => {
      const { attemptId } = work;
      this.log.warn({ err: loggableError(error), attemptId }, 'a probe went out without its note in the timeline');
    });
  }

  /** Counts the work held by an incident's circuits; the timeline keeps the maximum. */
  async waitingFor(incidentId: string): Promise<number> {
    const counts = await this.outbox.heldCounts();
    const waiting = this.board
      .known()
      .filter(({ circuit }) => circuit.state !== 'closed' && circuit.incidentId === incidentId)
      .reduce((sum, { id }) => sum + (counts.get(id) ?? 0), 0);
    await this.timeline.noteHeld(incidentId, waiting);
    return waiting;
  }

  private async tell(incidentId: string, scope: CircuitScope, notificationId: string, at: Date): Promise<void> {
    const waiting = await this.waitingFor(incidentId);
    const sentence = `${nameIn(scope)}: notification ${notificationId} goes out as a probe; ${waiting} more wait in this incident.`;
    await this.timeline.tellWhileOpen(incidentId, 'probe_sent', sentence, at);
    void this.statusReport.quote(incidentId);
  }
}
