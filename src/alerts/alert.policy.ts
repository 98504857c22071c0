import type { AlertCause } from '../incidents/alert.port.js';
import { accountScope, circuitId, senderScope, type CircuitScope } from '../incidents/circuit.scope.js';
import { CAUSES, evidenceOf } from '../incidents/evidence.policy.js';
import { CLASS_POLICY, type ClassPolicy } from '../policy/class.policy.js';
import { isCritical } from '../policy/vocabulary.js';
import type { AlertKind, Severity } from './alert.kinds.js';
import type { OccurredFailure, Occurrence } from './occurrence.js';

/** What belongs to one alert: at most one per `cause` is open, across all replicas. */
export interface AlertGroup {
  readonly cause: string;
  readonly kind: AlertKind;
  /** The circuit it is about, if any. */
  readonly scope: CircuitScope | null;
}

export type AlertDecision =
  /** Only a failure raises an alert. */
  | {
      readonly kind: 'raise';
      readonly severity: Severity;
      readonly group: AlertGroup;
      readonly failure: OccurredFailure;
    }
  /** It waits for something on-call knows of: adds one to the count of that alert, if it is open. */
  | { readonly kind: 'count'; readonly subjectId: string };

interface AlertRule {
  readonly severity: Severity;
  readonly when: 'it_fails' | 'it_is_exhausted' | 'the_sender_fails';
  /** For categories that are not critical; by default the same. */
  readonly lesser?: Severity;
}

const APPLIES = {
  it_fails: ({ fresh }) => fresh,
  it_is_exhausted: ({ exhausted }) => exhausted,
  the_sender_fails: ({ fresh }, { classification }) => fresh && classification.scope === 'sender',
} as const satisfies Record<AlertRule['when'], (occurrence: Occurrence, failure: OccurredFailure) => boolean>;

/** What the words of the policy's `alert` column mean. */
const RULES = {
  none: null,
  error: { severity: 'error', when: 'it_fails' },
  critical: { severity: 'critical', when: 'it_fails' },
  warning_when_exhausted: { severity: 'warning', when: 'it_is_exhausted' },
  critical_when_exhausted: { severity: 'critical', when: 'it_is_exhausted', lesser: 'warning' },
  error_when_sender_wide: { severity: 'error', when: 'the_sender_fails' },
} as const satisfies Record<ClassPolicy['alert'], AlertRule | null>;

/**
 * Whether on-call hears of an occurrence, and in which alert. Pure; the policy is data (src/policy/class.policy.ts).
 * @param accountSid the account that sent
 */
export function alertFor(occurrence: Occurrence, accountSid: string): AlertDecision | null {
  const { failure, step, heldBy } = occurrence;
  if (step === 'hold') return heldBy === null ? null : { kind: 'count', subjectId: heldBy };
  if (failure === null) return null;
  const rule: AlertRule | null = RULES[CLASS_POLICY[failure.classification.errorClass].alert];
  if (rule === null || !APPLIES[rule.when](occurrence, failure)) return null;
  const severity = isCritical(occurrence.category) ? rule.severity : (rule.lesser ?? rule.severity);
  return { kind: 'raise', severity, group: groupOf(occurrence, failure, severity, accountSid), failure };
}

/** The severity of a cause that circuits report, by the same policy. */
export function severityOfCause(cause: AlertCause): Severity {
  return RULES[CLASS_POLICY[CAUSES[cause].errorClass].alert].severity;
}

/** The key of a cause that has a circuit (or an incident) of its own. */
export function causeOf(cause: AlertCause, subjectId: string): string {
  return `${cause}:${subjectId}`;
}

/** Gives a circuit's cause the same key as the circuit itself does, so that both make one alert. */
function groupOf(
  { channel, sender }: Occurrence,
  { classification, httpStatus, providerCode }: OccurredFailure,
  severity: Severity,
  accountSid: string,
): AlertGroup {
  const evidence = evidenceOf(classification);
  if (evidence === null) {
    return {
      cause: `request_errors:${httpStatus ?? 'callback'}:${providerCode ?? 'none'}`,
      kind: 'request_errors',
      scope: null,
    };
  }
  if (evidence.cause === 'incident') return { cause: `exhausted:${severity}`, kind: 'exhausted', scope: null };
  const scope = evidence.of === 'account' ? accountScope(accountSid) : senderScope(channel, sender);
  return { cause: causeOf(evidence.cause, circuitId(scope)), kind: evidence.cause, scope };
}
