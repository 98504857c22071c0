import type { Transaction } from '../database/database.js';
import type { OpenCause } from '../policy/vocabulary.js';

/** The causes for alerts that this module reports. `rate_limit`: a sender's waits have reached their maximum. */
export type AlertCause = Exclude<OpenCause, 'operator'>;

export interface AlertFacts {
  /**
   * The id of the incident or circuit. The same cause on the same subject is one alert, however often it is reported.
   */
  readonly subjectId: string;
  /** `account:AC…`, `sender:…`, or the affected resources of an incident: `sms,voice`. */
  readonly scope: string;
  /** A sentence. */
  readonly summary: string;
  readonly at: Date;
}

export interface OpeningFacts extends AlertFacts {
  /** The provider's code that proved it; null if none did, or many. */
  readonly providerCode: number | null;
}

/** Injection token of {@link AlertCauses}. */
export const ALERT_CAUSES = Symbol('ALERT_CAUSES');

/**
 * Receives every cause once across all replicas: from the replica whose database change won, inside the transaction of
 * that change. So a reported cause is always committed, and none is lost with a process. Implementations write to the
 * database and wait for nothing else.
 */
export interface AlertCauses {
  opened(cause: AlertCause, facts: OpeningFacts, transaction: Transaction): Promise<void>;
  resolved(cause: AlertCause, facts: AlertFacts, transaction: Transaction): Promise<void>;
}
