import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import type { Transaction } from '../database/database.js';
import { LOGGER } from '../logging/logger.js';
import { ruleInWords } from '../policy/rule.words.js';
import type { Channel } from '../policy/vocabulary.js';
import { ALERT_CAUSES, type AlertCauses } from './alert.port.js';
import { CircuitBoard } from './circuit.board.js';
import type { Refusal } from './circuit.policy.js';
import { resourceScope } from './circuit.scope.js';
import { CircuitStore } from './circuit.store.js';
import { reasonOf, type CircuitChange } from './circuit.story.js';
import { EXTEND_INCIDENT, OPEN_INCIDENT } from './incident.opener.sql.js';
import { faultsOf, type ResourceHealth } from './incident.policy.js';
import { IncidentTimeline } from './incident.timeline.js';
import { StatusReport } from './status.report.js';

/** The observations that make an incident. */
export interface Outage {
  /** Each has faults. */
  readonly affected: readonly ResourceHealth[];
  /** The rule of the last fault: "HTTP status 503". */
  readonly lastRule: string;
}

type BegunIncident = { readonly id: string; readonly startedAt: Date };

/** Opens incidents: one row, written by the first replica to detect it, and the circuits of the affected resources. */
@Injectable()
export class IncidentOpener {
  constructor(
    private readonly board: CircuitBoard,
    private readonly store: CircuitStore,
    private readonly timeline: IncidentTimeline,
    private readonly statusReport: StatusReport,
    @Inject(ALERT_CAUSES) private readonly alerts: AlertCauses,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** Ignores resources whose circuits are not closed. */
  async open(outage: Outage): Promise<void> {
    const affected = outage.affected.filter(
      ({ resource }) => this.board.get(resourceScope(resource)).state === 'closed',
    );
    if (affected.length === 0) return;
    const { incidentId, isNew, changes } = await this.store.exclusively((transaction) =>
      this.openWithin(transaction, { ...outage, affected }),
    );
    for (const { scope, after } of changes) this.board.learn(scope, after);
    if (!isNew) return;
    this.log.error(
      { incidentId, resources: resourcesOf(affected), faults: faultsOf(affected) },
      'an incident of the provider has begun',
    );
    void this.statusReport.quote(incidentId);
  }

  private async openWithin(transaction: Transaction, outage: Outage) {
    const sentence = this.describe(outage);
    const resources = resourcesOf(outage.affected);
    const [inserted] = await transaction.run<BegunIncident>(OPEN_INCIDENT, [resources, sentence]);
    const [incident] = inserted ? [inserted] : await transaction.run<{ id: string }>(EXTEND_INCIDENT, [resources]);
    if (!incident) throw new Error('An incident is neither open nor can it be opened');
    const incidentId = incident.id;
    const changes: CircuitChange[] = [];
    for (const resource of resources.toSorted()) {
      const change = await this.store.changeWithin(transaction, resourceScope(resource), refusal(outage, incidentId));
      changes.push(change);
    }
    if (inserted) await this.tellBeginning(transaction, inserted, resources, sentence);
    else if (changes.some(({ before, after }) => before !== after)) {
      const spread = `It affects ${resources.join(' and ')} too: ${sentence}.`;
      await this.timeline.tell(transaction, incidentId, 'extended', spread);
    }
    await this.timeline.countFailed(transaction, incidentId);
    // An operator may already hold every affected circuit open; then there is nothing to wait for.
    await this.timeline.endIfOver(transaction, incidentId);
    return { incidentId, isNew: inserted !== undefined, changes };
  }

  private async tellBeginning(
    transaction: Transaction,
    { id, startedAt }: BegunIncident,
    resources: readonly Channel[],
    sentence: string,
  ): Promise<void> {
    const everyMs = this.configuration.env.INCIDENT_PROBE_MS;
    const each = resources.length === 1 ? '' : ' on each';
    const then = `Nothing more is sent there but one probe every ${everyMs / 1000} s${each}; what is due waits.`;
    await this.timeline.tell(transaction, id, 'opened', `${sentence}. ${then}`);
    const facts = {
      subjectId: id,
      scope: resources.join(','),
      providerCode: null,
      summary: `${sentence}.`,
      at: startedAt,
    };
    await this.alerts.opened('incident', facts, transaction);
  }

  private describe({ affected, lastRule }: Outage): string {
    const windowSeconds = this.configuration.env.INCIDENT_WINDOW_MS / 1000;
    const faults = faultsOf(affected);
    const counted = `${faults} provider fault${faults === 1 ? '' : 's'} within ${windowSeconds} s`;
    return `${counted} on ${resourcesOf(affected).join(' and ')} (the last: ${ruleInWords(lastRule)})`;
  }
}

function resourcesOf(affected: readonly ResourceHealth[]): Channel[] {
  return affected.map(({ resource }) => resource);
}

function refusal({ lastRule }: Outage, incidentId: string): Refusal {
  return {
    kind: 'refused',
    cause: 'incident',
    reason: reasonOf('incident', lastRule),
    providerCode: null,
    at: null,
    probe: false,
    retryAfterMs: null,
    credentials: null,
    incidentId,
  };
}
