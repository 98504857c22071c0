import { circuitId } from '../incidents/circuit.scope.js';
import { maskScope } from '../incidents/circuit.story.js';
import type { TwilioErrorCodeTable } from '../twilio/error-codes/error-code.js';
import { ruleInWords } from '../policy/rule.words.js';
import { UNWRITABLE_RULE } from '../policy/unwritable.js';
import { adviceFor } from './advice.js';
import type { AlertKind, Severity } from './alert.kinds.js';
import type { AlertDecision, AlertGroup } from './alert.policy.js';
import type { OccurredFailure, Occurrence } from './occurrence.js';

/** A reason for an alert, as it is written down. Holds no full phone number and no content. */
export interface Alarm {
  readonly cause: string;
  readonly kind: AlertKind;
  /** The incident or circuit whose held sends it counts. */
  readonly subjectId: string | null;
  readonly severity: Severity;
  /** What happened, in a sentence. */
  readonly summary: string;
  /** What to do. */
  readonly advice: string;
  readonly facts: AlertFactSheet;
  /** What ends it: its cause, or silence. */
  readonly ends: 'with_its_cause' | 'when_quiet';
}

/** Names and ids for machines; for a group, those of its latest occurrence. */
export type AlertFactSheet = Readonly<Record<string, string | number>>;

/** Puts an occurrence into words. Pure. */
export function alarmOf(
  { group, severity, failure }: AlertDecision & { kind: 'raise' },
  occurrence: Occurrence,
  codes: TwilioErrorCodeTable,
): Alarm {
  return {
    cause: group.cause,
    kind: group.kind,
    subjectId: group.scope === null ? null : circuitId(group.scope),
    severity,
    summary: summaryOf(group, occurrence, failure, codes),
    advice: adviceFor(group.kind, failure.providerCode, codes),
    facts: factsOf(group, occurrence, failure),
    ends: 'when_quiet',
  };
}

function summaryOf(
  { kind, scope }: AlertGroup,
  { category }: Occurrence,
  failure: OccurredFailure,
  codes: TwilioErrorCodeTable,
): string {
  const { errorClass, rule } = failure.classification;
  if (scope !== null) return `${maskScope(scope)}: sends fail with ${rule} (${errorClass}).`;
  if (kind === 'exhausted') {
    const which = category === 'marketing' ? 'Marketing sends' : 'Critical sends';
    return `${which} failed on a channel: retries are used up, or the provider gave up what it had accepted (the last: ${ruleInWords(rule)}).`;
  }
  if (rule === UNWRITABLE_RULE)
    return 'Requests could not be written, so nothing was sent: the log says where it broke off.';
  if (failure.httpStatus === null && failure.providerCode === null) {
    return `What the provider had accepted fails with ${rule}: ${errorClass}.`;
  }
  return `${asked(failure)} ${named(failure, codes)}: ${errorClass}.`;
}

function asked({ httpStatus }: OccurredFailure): string {
  return httpStatus === null ? 'What the provider had accepted fails with' : `The provider answers ${httpStatus} with`;
}

function named({ providerCode }: OccurredFailure, codes: TwilioErrorCodeTable): string {
  if (providerCode === null) return 'no code';
  const known = codes.get(providerCode);
  return known ? `code ${providerCode} (${known.name})` : `code ${providerCode}, which is not in the error catalogue`;
}

function factsOf(
  { scope }: AlertGroup,
  { notificationId, channel, category }: Occurrence,
  { httpStatus, providerCode, classification }: OccurredFailure,
): AlertFactSheet {
  return {
    errorClass: classification.errorClass,
    ...(httpStatus === null ? {} : { httpStatus }),
    ...(providerCode === null ? {} : { providerCode }),
    ...(scope === null ? {} : { scope: maskScope(scope), circuitId: circuitId(scope) }),
    channel,
    category,
    latestNotificationId: notificationId,
  };
}
