import type { Classification, FailureScope } from '../policy/failure.js';
import { NO_ANSWER_RULE } from '../policy/rule.words.js';
import type { Channel, ErrorClass, ResponsibleParty } from '../policy/vocabulary.js';
import type { NetworkFailureKind } from './network.error.js';
import { RESOURCE_OF, type TwilioResource } from './resource.js';

/** What a code table must know about a Twilio error code to classify it. */
interface CodeRule extends Pick<
  Classification,
  'errorClass' | 'responsible' | 'scope' | 'sameChannelAgain' | 'otherChannelHelps' | 'notOnChannel' | 'resetsAfterMs'
> {
  readonly code: number;
}
export type CodeTable = ReadonlyMap<number, CodeRule>;

export interface FailedRequest {
  /** Null if not even the status line arrived. */
  readonly httpStatus: number | null;
  readonly providerCode: number | null;
  readonly networkFailure: NetworkFailureKind | null;
  /** True for a look-up (GET), which sends nothing. Default: false. */
  readonly looksUp?: boolean;
}

interface StatusRule {
  readonly errorClass: ErrorClass;
  readonly responsible: ResponsibleParty;
  readonly scope: FailureScope;
  /** `no` for classes whose fallback only a code can justify. */
  readonly otherChannelHelps: 'by_class' | 'no';
}

/**
 * The meaning of an HTTP status without a known code. Source: contract section 5. The scope is the least that the
 * status proves: one 403 or 500 says nothing about the next message; whether many of them make an incident is counted
 * elsewhere.
 */
const BY_STATUS = {
  401: { errorClass: 'authentication', responsible: 'operator', scope: 'account', otherChannelHelps: 'by_class' },
  403: { errorClass: 'permission', responsible: 'operator', scope: 'message', otherChannelHelps: 'no' },
  404: { errorClass: 'not_found', responsible: 'caller', scope: 'message', otherChannelHelps: 'by_class' },
  429: { errorClass: 'rate_limited', responsible: 'provider', scope: 'sender', otherChannelHelps: 'by_class' },
} as const satisfies Record<number, StatusRule>;

/** Every other status, by its first digit. */
const BY_HUNDRED = {
  // A 2xx is a failure only if its body does not say what was accepted: reset, cut off, no sid.
  2: { errorClass: 'provider_fault', responsible: 'provider', scope: 'message', otherChannelHelps: 'by_class' },
  // Twilio's API does not redirect, so the base URL must be wrong, which affects every request.
  3: { errorClass: 'invalid_request', responsible: 'operator', scope: 'account', otherChannelHelps: 'no' },
  // This includes 408, 409 and 425: Twilio documents none of them, and the contract attributes every other 4xx to the
  // caller.
  4: { errorClass: 'invalid_request', responsible: 'caller', scope: 'message', otherChannelHelps: 'no' },
  5: { errorClass: 'provider_fault', responsible: 'provider', scope: 'message', otherChannelHelps: 'by_class' },
} as const satisfies Record<number, StatusRule>;

const NO_ANSWER = {
  errorClass: 'provider_fault',
  responsible: 'provider',
  scope: 'message',
  otherChannelHelps: 'by_class',
} as const satisfies StatusRule;

/** Classifies a failed request: by code if the table knows it, else by HTTP status, else as no answer. Never throws. */
export function classify(failed: FailedRequest, table: CodeTable): Classification {
  const byCode = byProviderCode(failed.providerCode, table);
  if (byCode !== null && !isForItsStatusToDecide(failed, byCode)) return byCode;
  const unknownCode = failed.providerCode !== null && byCode === null;
  const afterwards = { sameChannelAgain: 'by_class', unknownCode } as const;
  const { httpStatus } = failed;
  if (httpStatus === null) {
    const why = failed.networkFailure === null ? '' : ` (${failed.networkFailure})`;
    return { ...NO_ANSWER, ...afterwards, rule: `${NO_ANSWER_RULE}${why}` };
  }
  const doubt = unknownCode ? `, unknown Twilio code ${failed.providerCode}` : '';
  const unusable = httpStatus < 300 ? ' without a usable answer' : '';
  return { ...ruleOfStatus(httpStatus), ...afterwards, rule: `HTTP status ${httpStatus}${unusable}${doubt}` };
}

/**
 * Whether the HTTP status says what a code leaves open.
 *
 * A 403 to a look-up concerns only that look-up: a restricted key that may send but not read gets 20003 with it, which
 * otherwise means that the credentials are invalid. A 401 to a send refuses the credentials: 70051 comes with it for a
 * deleted key, a key of another account and one without any right, but also stands for a single missing right. To a
 * look-up, that is all it proves.
 */
function isForItsStatusToDecide({ httpStatus, looksUp }: FailedRequest, byCode: Classification): boolean {
  return looksUp ? httpStatus === 403 : httpStatus === 401 && byCode.errorClass === 'permission';
}

function ruleOfStatus(httpStatus: number): StatusRule {
  const exact: Readonly<Record<number, StatusRule>> = BY_STATUS;
  const hundreds: Readonly<Record<number, StatusRule>> = BY_HUNDRED;
  return exact[httpStatus] ?? hundreds[Math.floor(httpStatus / 100)] ?? NO_ANSWER;
}

function byProviderCode(providerCode: number | null, table: CodeTable): Classification | null {
  const known = providerCode === null ? undefined : table.get(providerCode);
  if (known === undefined) return null;
  const { errorClass, responsible, scope, sameChannelAgain, otherChannelHelps } = known;
  const { notOnChannel, resetsAfterMs } = known;
  return {
    errorClass,
    responsible,
    scope,
    sameChannelAgain,
    otherChannelHelps,
    ...(notOnChannel && { notOnChannel }),
    ...(resetsAfterMs !== undefined && { resetsAfterMs }),
    rule: `Twilio code ${known.code}`,
    unknownCode: false,
  };
}

/** A status callback that reports the failure of something Twilio had accepted. */
export interface FailedCallback {
  /** MessageStatus or CallStatus, in Twilio's words. */
  readonly status: string;
  readonly errorCode: number | null;
  readonly channel: Channel;
}

type CallbackRule = Omit<Classification, 'rule' | 'unknownCode'>;

const NOT_REACHED = {
  errorClass: 'recipient_unreachable',
  responsible: 'recipient',
  scope: 'recipient',
  sameChannelAgain: 'never',
  otherChannelHelps: 'yes',
} as const satisfies CallbackRule;

/** Twilio gave up without saying why: nothing is proven about the recipient, and on-call should hear of it. */
const GIVEN_UP = {
  errorClass: 'provider_fault',
  responsible: 'provider',
  scope: 'message',
  sameChannelAgain: 'never',
  otherChannelHelps: 'yes',
} as const satisfies CallbackRule;

/** Somebody with the account's credentials canceled it: no automatic step may undo that. */
const TAKEN_BACK = {
  errorClass: 'invalid_request',
  responsible: 'operator',
  scope: 'message',
  sameChannelAgain: 'never',
  otherChannelHelps: 'no',
} as const satisfies CallbackRule;

/**
 * The meaning of a final status without a known code. `undelivered` is the carrier's or the channel's receipt, so it is
 * about the recipient. `failed` is Twilio's own verdict on messages, while for calls it means that the number could not
 * be reached as dialled. An immediate retry on the same channel is never right here: the policy waits only seconds, and
 * a phone that rang unanswered a second ago should not ring again.
 */
const BY_CALLBACK_STATUS: Readonly<Record<TwilioResource, Readonly<Record<string, CallbackRule>>>> = {
  message: { undelivered: NOT_REACHED, failed: GIVEN_UP, canceled: TAKEN_BACK },
  call: { busy: NOT_REACHED, 'no-answer': NOT_REACHED, failed: NOT_REACHED, canceled: TAKEN_BACK },
};

/** Whether this status of a message or call means that it will never arrive. */
export function isFailingStatus(what: TwilioResource, status: string): boolean {
  return Object.hasOwn(BY_CALLBACK_STATUS[what], status);
}

/** Classifies a failed callback: by code if the table knows it, else by status. Never throws, whatever the status. */
export function classifyCallback(failed: FailedCallback, table: CodeTable): Classification {
  const byCode = byProviderCode(failed.errorCode, table);
  if (byCode !== null) return byCode;
  const what = RESOURCE_OF[failed.channel];
  const unknownCode = failed.errorCode !== null;
  const doubt = unknownCode ? `, unknown Twilio code ${failed.errorCode}` : '';
  const rules = BY_CALLBACK_STATUS[what];
  const rule = Object.hasOwn(rules, failed.status) ? rules[failed.status] : undefined;
  return { ...(rule ?? GIVEN_UP), rule: `${what} status ${failed.status}${doubt}`, unknownCode };
}
