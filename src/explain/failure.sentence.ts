import type { Callback } from '../callbacks/callback.entity.js';
import type { FailureRecord } from '../failures/failure.entity.js';
import type { RecordedNextStep } from '../policy/next-step.js';
import type { Channel, Outcome, ResponsibleParty } from '../policy/vocabulary.js';
import { isWithoutAnswer, ruleInWords } from '../policy/rule.words.js';
import { UNWRITABLE_RULE } from '../policy/unwritable.js';
import type { TwilioErrorCodeTable } from '../twilio/error-codes/error-code.js';
import { RESOURCE_OF } from '../twilio/resource.js';
import { clockTime } from './moment.js';
import { reportSentence } from './report.sentence.js';

const WHOSE = {
  caller: 'that is for the caller to correct',
  operator: 'that is for the operator to put right',
  provider: "that is the provider's fault",
  recipient: 'that lies with the recipient',
} as const satisfies Record<ResponsibleParty, string>;

/** Whether the attempt was accepted. A callback's attempt was; an earlier sentence says so already. */
const ACCEPTED_OR_NOT = {
  accepted: () => '',
  rejected: (what: string) => `, and the ${what} was not accepted`,
  unknown: (what: string) => `, and the ${what} may have been accepted`,
} as const satisfies Record<Outcome, (what: string) => string>;

/** A failure and what was decided after it, as one sentence. Pure. */
export function failureSentence(
  failure: FailureRecord,
  attemptNumber: number | null,
  callback: Callback | undefined,
  codes: TwilioErrorCodeTable,
): string {
  const what = RESOURCE_OF[failure.channel];
  const happened = callback ? reported(failure, callback, codes) : answered(failure, attemptNumber, codes);
  const meaning = `${WHOSE[failure.responsible]}${ACCEPTED_OR_NOT[failure.outcome](what)}`;
  return `${happened}; ${meaning}; ${asksFirst(failure) ? ASKED_FIRST : next(failure.nextStep, failure.at)}.`;
}

/**
 * Whether the stored step was decided only after asking what became of an unknown attempt. The sentence about the
 * answer tells that step.
 */
function asksFirst({ outcome, nextStep }: FailureRecord): boolean {
  return outcome === 'unknown' && (nextStep.kind === 'fallback' || nextStep.kind === 'dead_letter');
}

const ASKED_FIRST = 'Twilio is asked before anything is sent again';

function reported(failure: FailureRecord, { status }: Callback, codes: TwilioErrorCodeTable): string {
  const report = reportSentence(failure.channel, status, failure.at);
  return failure.providerCode === null ? report : `${report} (${code(failure, codes)})`;
}

function answered(failure: FailureRecord, attemptNumber: number | null, codes: TwilioErrorCodeTable): string {
  const attempt = `attempt ${attemptNumber ?? '?'} on ${failure.channel} at ${clockTime(failure.at, failure.at)}`;
  if (failure.rule === UNWRITABLE_RULE) return `The request of ${attempt} could not be written, so nothing was sent`;
  if (failure.httpStatus !== null) {
    const unusable = failure.httpStatus < 300 ? ' without saying what it accepted' : '';
    return `Twilio answered ${failure.httpStatus}${unusable} to ${attempt} (${code(failure, codes)})`;
  }
  if (isWithoutAnswer(failure.rule)) return `Twilio gave ${ruleInWords(failure.rule)} to ${attempt}`;
  return `The process stopped before the answer to ${attempt} was recorded (${failure.rule})`;
}

function code({ providerCode }: FailureRecord, codes: TwilioErrorCodeTable): string {
  if (providerCode === null) return 'no code';
  return `code ${providerCode}: ${codes.get(providerCode)?.name ?? 'not in the catalogue'}`;
}

function next(step: RecordedNextStep, reference: Date): string {
  const at = step.at === undefined ? 'next' : `at ${clockTime(new Date(step.at), reference)}`;
  switch (step.kind) {
    case 'retry':
      return `it is sent again ${at}`;
    case 'reconcile':
      return `Twilio is asked ${at} before anything is sent again`;
    case 'hold':
      return `it waits: ${step.reason}`;
    case 'fallback':
      return `${nameOf(step.channel)} is next`;
    case 'dead_letter':
      return `a human decides: ${step.reason}`;
    case 'none':
      return step.reason;
  }
}

function nameOf(channel: Channel | undefined): string {
  return channel ?? 'another channel';
}
