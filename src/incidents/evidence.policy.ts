import type { Classification, FailureScope } from '../policy/failure.js';
import { OPEN_CAUSES, type ErrorClass, type OpenCause } from '../policy/vocabulary.js';

type EvidentCause = Exclude<OpenCause, 'operator'>;

/** What a failure proves beyond its own message: which circuit it concerns, and why. */
export interface Evidence {
  readonly of: 'account' | 'resource' | 'sender';
  readonly cause: EvidentCause;
  /** `at_once`: one failure is proof. `repeated`: it takes many. */
  readonly opens: 'at_once' | 'repeated';
}

interface CauseRow extends Omit<Evidence, 'cause'> {
  /** Failures of this class are evidence of the cause. */
  readonly errorClass: ErrorClass;
  /** Restricts the evidence to failures with these scopes; all count if absent. */
  readonly scopes?: readonly FailureScope[];
}

/**
 * The causes that open circuits, besides operators, and the failures that are evidence of each. Source: contract
 * section 5.
 */
export const CAUSES = {
  authentication: { errorClass: 'authentication', of: 'account', opens: 'at_once' },
  quota: { errorClass: 'quota_exhausted', of: 'account', opens: 'at_once' },
  // A limit on one recipient or carrier, or a mere warning, does not affect the sender's other messages.
  rate_limit: { errorClass: 'rate_limited', of: 'sender', opens: 'repeated', scopes: ['sender', 'account'] },
  sender_unavailable: { errorClass: 'channel_unavailable', of: 'sender', opens: 'at_once', scopes: ['sender'] },
  incident: { errorClass: 'provider_fault', of: 'resource', opens: 'repeated' },
} as const satisfies Record<EvidentCause, CauseRow>;

const EVIDENT_CAUSES = OPEN_CAUSES.filter((cause) => cause !== 'operator');

/** Null if the failure concerns only its own message or recipient. */
export function evidenceOf({ errorClass, scope }: Pick<Classification, 'errorClass' | 'scope'>): Evidence | null {
  const cause = EVIDENT_CAUSES.find((each) => CAUSES[each].errorClass === errorClass);
  if (cause === undefined) return null;
  const { of, opens, scopes }: CauseRow = CAUSES[cause];
  return scopes === undefined || scopes.includes(scope) ? { of, cause, opens } : null;
}

/** Failures that say nothing about the probed cause: the request did not get that far. */
const SAYS_NOTHING: ReadonlySet<ErrorClass> = new Set(['provider_fault', 'authentication', 'quota_exhausted']);

/**
 * What the result of a probe says about the cause it probes.
 * @param failure null for an accepted probe
 * @returns `inconclusive` leaves the circuit open until the next probe
 */
export function probeVerdict(
  cause: OpenCause,
  failure: Pick<Classification, 'errorClass' | 'scope'> | null,
): 'passed' | 'failed' | 'inconclusive' {
  if (failure === null) return 'passed';
  if (evidenceOf(failure)?.cause === cause) return 'failed';
  // A gateway may refuse bad requests while the service behind it is down, so only a success ends an incident.
  if (cause === 'incident' || SAYS_NOTHING.has(failure.errorClass)) return 'inconclusive';
  return 'passed';
}
