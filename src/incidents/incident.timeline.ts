import { Inject, Injectable } from '@nestjs/common';
import { newId } from '../identifiers/new-id.js';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { Database, type Transaction } from '../database/database.js';
import { ALERT_CAUSES, type AlertCauses } from './alert.port.js';
import type { EventKind } from './event.kinds.js';
import {
  ADD_EVENT,
  ADD_EVENT_WHILE_OPEN,
  ADD_STATUS,
  COUNT_EXPIRED,
  COUNT_FAILED,
  END_INCIDENT,
  NOTE_HELD,
} from './incident.timeline.sql.js';

type EndedIncident = { startedAt: Date; endedAt: Date; resources: string[]; held: number; expired: number };

/** Writes an incident's timeline, including its end. */
@Injectable()
export class IncidentTimeline {
  constructor(
    private readonly database: Database,
    @Inject(ALERT_CAUSES) private readonly alerts: AlertCauses,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  async tell(transaction: Transaction, incidentId: string, kind: EventKind, sentence: string): Promise<void> {
    // Ids from one process increase even within a millisecond, so events of one transaction keep their order.
    await transaction.run(ADD_EVENT, [newId(), incidentId, kind, sentence]);
  }

  /**
   * {@link tell} for events that nobody waits for, such as an outgoing probe: the entry may be written late, but not
   * after the incident's end.
   * @param at when it happened
   */
  async tellWhileOpen(incidentId: string, kind: EventKind, sentence: string, at: Date): Promise<void> {
    await this.database.run(ADD_EVENT_WHILE_OPEN, [newId(), incidentId, kind, sentence, at]);
  }

  /** Quotes the status page while the incident lasts, unless it says the same as last time. */
  async quote(incidentId: string, sentence: string): Promise<void> {
    await this.database.run(ADD_STATUS, [newId(), incidentId, sentence]);
  }

  async noteHeld(incidentId: string, held: number): Promise<void> {
    await this.database.run(NOTE_HELD, [incidentId, held]);
  }

  /** Adds to the count of work that expired while the incident's circuits held it. */
  async countExpired(incidentId: string, expired: number): Promise<void> {
    await this.database.run(COUNT_EXPIRED, [incidentId, expired]);
  }

  /** Adopts the dead letters that the incident caused. @returns how many it has now */
  async countFailed(transaction: Transaction, incidentId: string): Promise<number> {
    const [row] = await transaction.run<{ failed: number }>(COUNT_FAILED, [
      incidentId,
      this.configuration.env.INCIDENT_WINDOW_MS,
    ]);
    return row?.failed ?? 0;
  }

  /**
   * Ends the incident if no circuit belongs to it any more.
   * @param byOperator true if an operator closed the last one: then it is not known whether the provider has recovered
   */
  async endIfOver(transaction: Transaction, incidentId: string, byOperator = false): Promise<void> {
    const [ended] = await transaction.run<EndedIncident>(END_INCIDENT, [incidentId]);
    if (!ended) return;
    const summary = summarise(ended, await this.countFailed(transaction, incidentId), byOperator);
    await this.tell(transaction, incidentId, 'closed', summary);
    const facts = { subjectId: incidentId, scope: ended.resources.join(','), summary, at: ended.endedAt };
    await this.alerts.resolved('incident', facts, transaction);
  }
}

/** Summarises in a sentence what it held, what failed and what expired. */
function summarise({ startedAt, endedAt, held, expired }: EndedIncident, failed: number, byOperator: boolean): string {
  const lasted = duration(endedAt.getTime() - startedAt.getTime());
  const waited = held === 0 ? 'held nothing' : `held ${count(held, 'notification')} at most at once`;
  const lost = `${failed === 0 ? 'nothing' : count(failed, 'notification')} went to the review queue`;
  const late = expired === 0 ? '' : `; ${count(expired, 'notification')} expired while waiting`;
  const ending = byOperator ? `An operator ended the incident after ${lasted}` : `The incident is over after ${lasted}`;
  return `${ending}: it ${waited}; ${lost}${late}.`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
