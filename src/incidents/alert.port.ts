import type { Transaction } from '../database/database.js';
import type { OpenCause } from '../policy/vocabulary.js';

/** What on-call may have to hear of from here. `rate_limit`: a sender's waits have reached their longest. */
export type AlertCause = Exclude<OpenCause, 'operator'>;

export interface AlertFacts {
  /** The incident, or the circuit: the same cause on the same subject is one alert, however often it is reported. */
  readonly subjectId: string;
  /** `account:AC…`, `sender:…`, or the affected resources of an incident: `sms,voice`. */
  readonly scope: string;
  /** A sentence. */
  readonly summary: string;
  readonly at: Date;
}

/** Injection token of {@link AlertCauses}. */
export const ALERT_CAUSES = Symbol('ALERT_CAUSES');

/**
 * Hears of every cause once over all replicas: from the one whose change of the database won, inside the transaction
 * that makes the change. So a cause that is reported is committed, and none is lost with a process. Implementations
 * write; they never wait for anything outside the database.
 */
export interface AlertCauses {
  opened(cause: AlertCause, facts: AlertFacts, transaction: Transaction): Promise<void>;
  resolved(cause: AlertCause, facts: AlertFacts, transaction: Transaction): Promise<void>;
}
