import type { FailureScope } from '../../policy/failure.js';
import type { ErrorClass, ResponsibleParty } from '../../policy/vocabulary.js';

/** Where a code appears: in the answer to our request, in a status callback, in both, or undocumented. */
export const SEEN_IN = ['api_response', 'status_callback', 'both', 'unclear'] as const;
export const SAME_CHANNEL_AGAIN = ['by_class', 'never', 'backoff'] as const;
export const OTHER_CHANNEL_HELPS = ['by_class', 'no', 'yes'] as const;

/** One reviewed row of the table: what a Twilio code means for a notification, and who does what about it. */
export interface TwilioErrorCode {
  /** Twilio's number, as in the JSON body's `code` and the callback's `ErrorCode`. */
  readonly code: number;
  /** Short and plain, in our own words. */
  readonly name: string;
  readonly seenIn: (typeof SEEN_IN)[number];
  readonly errorClass: ErrorClass;
  readonly responsible: ResponsibleParty;
  /**
   * What else would fail for the same reason. `account` means everything the account sends, on every channel; a limit
   * that applies only to calls, or only to messages, is `sender`.
   */
  readonly scope: FailureScope;
  readonly sameChannelAgain: (typeof SAME_CHANNEL_AGAIN)[number];
  readonly otherChannelHelps: (typeof OTHER_CHANNEL_HELPS)[number];
  /**
   * The recipient is not on this channel: work that has another channel skips this one for UNAVAILABLE_CHANNEL_HOURS.
   */
  readonly notOnChannel?: boolean;
  /** The message may have reached the recipient anyway: anything sent after it is a possible duplicate. */
  readonly mayHaveArrived?: boolean;
  /** For `quota_exhausted`: milliseconds until the cap resets and one send may try; a day if absent. */
  readonly resetsAfterMs?: number;
  /** One or two sentences, each starting with whom it addresses: "Caller:", "Operator:" or "Nobody:". */
  readonly action: string;
  /** Why the row is as it is, if that is not obvious. */
  readonly note?: string;
  /** Twilio's page about the code. */
  readonly source: string;
  /** When a person last reviewed the row: YYYY-MM-DD; null for a row that an operator added without a date. */
  readonly reviewedAt: string | null;
}

export type TwilioErrorCodeTable = ReadonlyMap<number, TwilioErrorCode>;

/** The codes after which the message may have reached the recipient anyway. */
export function codesThatMayHaveArrived(table: TwilioErrorCodeTable): number[] {
  return [...table.values()].filter((row) => row.mayHaveArrived).map(({ code }) => code);
}

/** Twilio's page about a code; both the old and the new dictionary answer there. */
export function officialPage(code: number): string {
  return `https://www.twilio.com/docs/api/errors/${code}`;
}
