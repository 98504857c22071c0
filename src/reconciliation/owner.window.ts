import type { TwilioRecord } from '../twilio/twilio.records.js';

/** How long a rival attempt may have begun before the attempt in doubt, or before its message was created. */
export const RIVAL_MARGIN_MS = 600_000;

/** How far a process's clock, which its attempts' ids carry, may be ahead of the provider's. */
const ID_SKEW_MS = 60_000;

/** How long Twilio lets a call wait to be dialled; it refuses more with 22005. */
const LONGEST_CALL_QUEUE_MS = 86_400_000;

/**
 * When the attempts that created these records may have begun. A call that waits to be dialled has no time of its own:
 * it may be as old as the queue allows. Pure.
 * @param since when the attempt in doubt began
 */
export function ownersBegan(
  records: readonly Pick<TwilioRecord, 'dateCreated'>[],
  since: Date,
  now: Date,
): { readonly from: Date; readonly to: Date } {
  const earliest = records.map(({ dateCreated }) => dateCreated?.getTime() ?? since.getTime() - LONGEST_CALL_QUEUE_MS);
  const latest = records.map(({ dateCreated }) => dateCreated?.getTime() ?? now.getTime());
  return { from: new Date(Math.min(...earliest) - RIVAL_MARGIN_MS), to: new Date(Math.max(...latest) + ID_SKEW_MS) };
}
