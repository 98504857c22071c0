import type { Classification, FailureScope } from '../policy/failure.js';
import { OPEN_CAUSES, type ErrorClass, type OpenCause } from '../policy/vocabulary.js';

type EvidentCause = Exclude<OpenCause, 'operator'>;

/** What a failure says of more than its own message: whose circuit it concerns, and why. */
export interface Evidence {
  readonly of: 'account' | 'resource' | 'sender';
  readonly cause: EvidentCause;
  /** `at_once`: one failure is proof. `repeated`: only many of them are. */
  readonly opens: 'at_once' | 'repeated';
}

interface CauseRow extends Omit<Evidence, 'cause'> {
  /** The failures of this class are evidence of it. */
  readonly errorClass: ErrorClass;
  /** Only those with these scopes; all of them if it says nothing. */
  readonly scopes?: readonly FailureScope[];
}

/** What opens circuits, besides operators, and by which failures. Source: contract section 5. */
export const CAUSES = {
  authentication: { errorClass: 'authentication', of: 'account', opens: 'at_once' },
  quota: { errorClass: 'quota_exhausted', of: 'account', opens: 'at_once' },
  // A limit of one recipient or one carrier, or a mere warning, is nothing that the sender's other messages share.
  rate_limit: { errorClass: 'rate_limited', of: 'sender', opens: 'repeated', scopes: ['sender', 'account'] },
  sender_unavailable: { errorClass: 'channel_unavailable', of: 'sender', opens: 'at_once', scopes: ['sender'] },
  incident: { errorClass: 'provider_fault', of: 'resource', opens: 'repeated' },
} as const satisfies Record<EvidentCause, CauseRow>;

const EVIDENT_CAUSES = OPEN_CAUSES.filter((cause) => cause !== 'operator');

/** Null: the failure is about its own message or recipient. */
export function evidenceOf({ errorClass, scope }: Pick<Classification, 'errorClass' | 'scope'>): Evidence | null {
  const cause = EVIDENT_CAUSES.find((each) => CAUSES[each].errorClass === errorClass);
  if (cause === undefined) return null;
  const { of, opens, scopes }: CauseRow = CAUSES[cause];
  return scopes === undefined || scopes.includes(scope) ? { of, cause, opens } : null;
}

/** Failures that leave open what the probe was to find out: its request did not get that far. */
const SAYS_NOTHING: ReadonlySet<ErrorClass> = new Set(['provider_fault', 'authentication', 'quota_exhausted']);

/**
 * What the answer to a probe says of the cause it probes.
 * @param failure null for an accepted probe
 * @returns `inconclusive` leaves the circuit open until the next probe.
 */
export function probeVerdict(
  cause: OpenCause,
  failure: Pick<Classification, 'errorClass' | 'scope'> | null,
): 'passed' | 'failed' | 'inconclusive' {
  if (failure === null) return 'passed';
  if (evidenceOf(failure)?.cause === cause) return 'failed';
  // A gateway refuses bad requests while what is behind it is down: an incident ends with a success.
  if (cause === 'incident' || SAYS_NOTHING.has(failure.errorClass)) return 'inconclusive';
  return 'passed';
}
