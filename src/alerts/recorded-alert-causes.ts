import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database/database.js';
import type { AlertCause, AlertCauses, AlertFacts } from '../incidents/alert.port.js';
import { KINDS } from './alert.kinds.js';
import { causeOf, severityOfCause } from './alert.policy.js';
import { AlertRegister } from './alert.register.js';

/** Records the causes that circuits and incidents report, in the transaction of the change that is their reason. */
@Injectable()
export class RecordedAlertCauses implements AlertCauses {
  constructor(private readonly register: AlertRegister) {}

  async opened(cause: AlertCause, facts: AlertFacts, transaction: Transaction): Promise<void> {
    const { subjectId, scope, summary, at } = facts;
    await this.register.raise(
      {
        cause: causeOf(cause, subjectId),
        kind: cause,
        subjectId,
        severity: severityOfCause(cause),
        summary,
        advice: KINDS[cause].advice,
        facts: { scope, [cause === 'incident' ? 'incidentId' : 'circuitId']: subjectId },
        ends: 'with_its_cause',
      },
      { count: { added: 0 }, since: at },
      transaction,
    );
  }

  async resolved(cause: AlertCause, { subjectId, summary, at }: AlertFacts, transaction: Transaction): Promise<void> {
    await this.register.resolve(causeOf(cause, subjectId), summary, at, transaction);
  }
}
