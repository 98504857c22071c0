import type { Classification } from '../policy/failure.js';
import type { ErrorClass } from '../policy/vocabulary.js';
import type { OpenCause } from '../policy/vocabulary.js';

/** What a failure says of more than its own message: whose circuit it concerns, and why. */
export interface Evidence {
  readonly of: 'account' | 'resource' | 'sender';
  readonly cause: Exclude<OpenCause, 'operator'>;
  /** `at_once`: one failure is proof. `repeated`: only many of them are. */
  readonly opens: 'at_once' | 'repeated';
}

/** Source: contract section 5. Null: the failure is about its own message or recipient. */
export function evidenceOf({ errorClass, scope }: Pick<Classification, 'errorClass' | 'scope'>): Evidence | null {
  switch (errorClass) {
    case 'authentication':
      return { of: 'account', cause: 'authentication', opens: 'at_once' };
    case 'quota_exhausted':
      return { of: 'account', cause: 'quota', opens: 'at_once' };
    case 'rate_limited':
      // One recipient, one carrier's customers or a mere warning: nothing that the sender's other messages share.
      return scope === 'sender' || scope === 'account'
        ? { of: 'sender', cause: 'rate_limit', opens: 'repeated' }
        : null;
    case 'channel_unavailable':
      return scope === 'sender' ? { of: 'sender', cause: 'sender_unavailable', opens: 'at_once' } : null;
    case 'provider_fault':
      return { of: 'resource', cause: 'incident', opens: 'repeated' };
    case 'invalid_request':
    case 'permission':
    case 'not_found':
    case 'recipient_unreachable':
    case 'content_rejected':
    case 'opted_out':
      return null;
  }
}

/** Failures after which nothing is known of what a probe wanted to know: the question was not reached. */
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
