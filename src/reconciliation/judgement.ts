import type { TwilioRecord } from '../twilio/twilio.records.js';

/** The finding about an attempt whose outcome was unknown. */
export type Judgement =
  | {
      readonly kind: 'accepted';
      readonly sid: string;
      /**
       * Where the proof was found: in what had reached us already, or in the provider's list, which proves that it
       * answers again.
       */
      readonly source: 'answer' | 'callback' | 'list';
      readonly because: string;
      readonly duplicates: number;
      /** The message as the list shows it; null if the proof was found elsewhere. */
      readonly record: TwilioRecord | null;
    }
  | { readonly kind: 'absent'; readonly because: string }
  /** Its answer arrived in the meantime: there is nothing left to find out. */
  | { readonly kind: 'rejected'; readonly because: string }
  /** A message exists, but may belong to another notification or another application: never adopted on a guess. */
  | { readonly kind: 'ambiguous'; readonly because: string }
  /** The provider could not be asked. */
  | { readonly kind: 'unanswered'; readonly because: string };

export interface ListFindings {
  /** Messages or calls that fit and belong to no other attempt, oldest first. */
  readonly unowned: readonly TwilioRecord[];
  /** How many more belong to no known attempt, and may be either this one's or another application's. */
  readonly strangers: number;
  /** False if the list was longer than what is read; then absence proves nothing. */
  readonly complete: boolean;
  /** Other notifications, in flight or unknown, that a found message may belong to. */
  readonly rivals: number;
}

/** Judges what the provider's list shows. Pure. */
export function judge(findings: ListFindings): Judgement {
  const [oldest, ...others] = findings.unowned;
  if (oldest === undefined) {
    if (findings.strangers > 0) {
      return {
        kind: 'ambiguous',
        because: `the provider's list shows ${count(findings.strangers, 'message')} that may as well be of another application`,
      };
    }
    return findings.complete
      ? { kind: 'absent', because: "the provider's list does not show it" }
      : { kind: 'unanswered', because: "the provider's list is longer than what can be read" };
  }
  if (findings.rivals > 0) {
    return {
      kind: 'ambiguous',
      because: `the provider's list shows ${count(findings.unowned.length, 'message')} that may as well belong to ${count(findings.rivals, 'other notification')} with the same content`,
    };
  }
  return {
    kind: 'accepted',
    sid: oldest.sid,
    source: 'list',
    because: "the provider's list shows it",
    duplicates: others.length,
    record: oldest,
  };
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
