import { Injectable } from '@nestjs/common';
import type { ExpiredWork } from '../outbox/work.js';
import { CircuitBoard } from './circuit.board.js';
import { IncidentTimeline } from './incident.timeline.js';

/** Counts what incidents cost besides dead letters: work that expired while it was held. */
@Injectable()
export class IncidentToll {
  constructor(
    private readonly board: CircuitBoard,
    private readonly timeline: IncidentTimeline,
  ) {}

  /** Adds expired work to the incidents in whose circuits it waited. */
  async note(expired: readonly Pick<ExpiredWork, 'heldBy'>[]): Promise<void> {
    const counts = new Map<string, number>();
    for (const { heldBy } of expired) {
      const circuit = this.board.find(heldBy)?.circuit;
      if (circuit === undefined || circuit.state === 'closed' || circuit.incidentId === null) continue;
      counts.set(circuit.incidentId, (counts.get(circuit.incidentId) ?? 0) + 1);
    }
    for (const [incidentId, count] of counts) await this.timeline.countExpired(incidentId, count);
  }
}
