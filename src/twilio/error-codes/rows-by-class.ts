/**
 * One builder per error class. A builder asks only for what the contract leaves to the code, so a row that decides what
 * its class already decides, or omits what it must decide, does not compile.
 */
import type { FailureScope } from '../../policy/failure.js';
import type { ErrorClass, ResponsibleParty } from '../../policy/vocabulary.js';
import { defaultsOf } from './class-defaults.js';
import { officialPage, type TwilioErrorCode } from './error-code.js';

/** The day of the last full review of the table. */
const REVIEWED_AT = '2026-11-22';

/** A row that departs from the contract's responsible party must say why. */
type Responsibility =
  | { readonly responsible?: undefined; readonly note?: string }
  | { readonly responsible: ResponsibleParty; readonly note: string };

interface Essentials {
  readonly seenIn: TwilioErrorCode['seenIn'];
  readonly scope?: FailureScope;
  readonly action: string;
  readonly note?: string;
}

type Details = Essentials & Responsibility;
type OtherChannel = { readonly otherChannelHelps: 'no' | 'yes' };
type SameChannel = { readonly sameChannelAgain: 'never' | 'backoff' };
type NotOnChannel = Pick<TwilioErrorCode, 'notOnChannel'>;
type MayHaveArrived = Pick<TwilioErrorCode, 'mayHaveArrived'>;
type ResetsAfter = Pick<TwilioErrorCode, 'resetsAfterMs'>;
type RecipientOrOperator = { readonly responsible: 'recipient' | 'operator' };

export function invalidRequest(code: number, name: string, details: Details & OtherChannel): TwilioErrorCode {
  return row('invalid_request', code, name, details);
}

export function authentication(code: number, name: string, details: Details): TwilioErrorCode {
  return row('authentication', code, name, details);
}

export function permission(code: number, name: string, details: Details & OtherChannel): TwilioErrorCode {
  return row('permission', code, name, details);
}

export function notFound(code: number, name: string, details: Details): TwilioErrorCode {
  return row('not_found', code, name, details);
}

export function rateLimited(code: number, name: string, details: Details): TwilioErrorCode {
  return row('rate_limited', code, name, details);
}

export function quotaExhausted(code: number, name: string, details: Details & ResetsAfter): TwilioErrorCode {
  return row('quota_exhausted', code, name, details);
}

export function providerFault(code: number, name: string, details: Details & MayHaveArrived): TwilioErrorCode {
  return row('provider_fault', code, name, details);
}

export function recipientUnreachable(
  code: number,
  name: string,
  details: Details & SameChannel & OtherChannel & MayHaveArrived,
): TwilioErrorCode {
  return row('recipient_unreachable', code, name, details);
}

export function channelUnavailable(
  code: number,
  name: string,
  details: Essentials & RecipientOrOperator & NotOnChannel,
): TwilioErrorCode {
  return row('channel_unavailable', code, name, details);
}

export function contentRejected(code: number, name: string, details: Details & OtherChannel): TwilioErrorCode {
  return row('content_rejected', code, name, details);
}

export function optedOut(code: number, name: string, details: Details): TwilioErrorCode {
  return row('opted_out', code, name, details);
}

function row(
  errorClass: ErrorClass,
  code: number,
  name: string,
  details: Essentials &
    NotOnChannel &
    MayHaveArrived &
    ResetsAfter &
    Partial<OtherChannel & SameChannel> & { readonly responsible?: ResponsibleParty },
): TwilioErrorCode {
  const { responsible, scope } = defaultsOf(errorClass);
  return {
    code,
    name,
    seenIn: details.seenIn,
    errorClass,
    responsible: details.responsible ?? responsible,
    scope: details.scope ?? scope,
    sameChannelAgain: details.sameChannelAgain ?? 'by_class',
    otherChannelHelps: details.otherChannelHelps ?? 'by_class',
    ...(details.notOnChannel === undefined ? {} : { notOnChannel: details.notOnChannel }),
    ...(details.mayHaveArrived === undefined ? {} : { mayHaveArrived: details.mayHaveArrived }),
    ...(details.resetsAfterMs === undefined ? {} : { resetsAfterMs: details.resetsAfterMs }),
    action: details.action,
    ...(details.note === undefined ? {} : { note: details.note }),
    source: officialPage(code),
    reviewedAt: REVIEWED_AT,
  };
}
