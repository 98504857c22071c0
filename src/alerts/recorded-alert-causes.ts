import { Inject, Injectable } from '@nestjs/common';
import type { Transaction } from '../database/database.js';
import type { AlertCause, AlertCauses, AlertFacts, OpeningFacts } from '../incidents/alert.port.js';
import { ERROR_CODE_TABLE } from '../twilio/error-codes/error-code-table.js';
import type { TwilioErrorCodeTable } from '../twilio/error-codes/error-code.js';
import { adviceFor } from './advice.js';
import { causeOf, severityOfCause } from './alert.policy.js';
import { AlertRegister } from './alert.register.js';

/** Records the causes that circuits and incidents report, in the transaction of the change that is their reason. */
@Injectable()
export class RecordedAlertCauses implements AlertCauses {
  constructor(
    private readonly register: AlertRegister,
    @Inject(ERROR_CODE_TABLE) private readonly codes: TwilioErrorCodeTable,
  ) {}

  async opened(cause: AlertCause, facts: OpeningFacts, transaction: Transaction): Promise<void> {
    const { subjectId, scope, providerCode, summary, at } = facts;
    await this.register.raise(
      {
        cause: causeOf(cause, subjectId),
        kind: cause,
        subjectId,
        severity: severityOfCause(cause),
        summary,
        advice: adviceFor(cause, providerCode, this.codes),
        facts: {
          scope,
          ...(providerCode === null ? {} : { providerCode }),
          [cause === 'incident' ? 'incidentId' : 'circuitId']: subjectId,
        },
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
