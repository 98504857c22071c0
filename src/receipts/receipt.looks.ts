import type { Channel } from '../policy/vocabulary.js';

/**
 * When the provider is asked about accepted attempts whose end no callback reported. Each look happens once per
 * attempt, at an age of RECEIPT_CHECK_MINUTES times `times`: 15 minutes, 4 hours and a day by default.
 *
 * `silent`: only if no callback came at all. If the first ones came, the last usually follows; and many carriers send
 * no receipt, so asking early would mean asking about everything they carry.
 */
export const RECEIPT_LOOKS = [
  { number: 1, times: 1, at: 'silent' },
  { number: 2, times: 16, at: 'all' },
  { number: 3, times: 96, at: 'all' },
] as const satisfies readonly ReceiptLook[];

/**
 * How long after that age a look still asks, so that a weekend without a worker, or with an open circuit, loses
 * nothing. Older attempts (nobody asked for a month, then RECEIPT_CHECK_MINUTES was set) are left alone: a failure that
 * was not reported in time is no reason to send on another channel weeks later.
 */
export const CATCHES_UP_MINUTES = 3 * 24 * 60;

export interface ReceiptLook {
  /** The look's number in the table receipt_looks, where each channel has a position of its own. */
  readonly number: number;
  readonly times: number;
  readonly at: 'silent' | 'all';
}

/** How far a look has come on a channel. */
export interface LookPosition {
  readonly channel: Channel;
  /** The id of the last attempt, in small letters. */
  readonly lookedTo: string;
}

/** The attempts after one up to another (null: all that are old enough), and whose receipts are asked for there. */
export interface Stretch {
  readonly channels: readonly Channel[];
  readonly after: string;
  readonly upTo: string | null;
}

/**
 * What to look at next: where the channels are that are furthest behind, as far as the next channel ahead of them.
 * Mostly all are at the same place, and one reading of the attempts does for all. Null if all of them wait. Pure.
 */
export function nextStretch(positions: readonly LookPosition[], waiting: ReadonlySet<Channel>): Stretch | null {
  const inOrder = positions.toSorted((a, b) => (a.lookedTo < b.lookedTo ? -1 : 1));
  const after = inOrder.find(({ channel }) => !waiting.has(channel))?.lookedTo;
  if (after === undefined) return null;
  return {
    channels: inOrder
      .filter(({ channel, lookedTo }) => lookedTo === after && !waiting.has(channel))
      .map(({ channel }) => channel),
    after,
    upTo: inOrder.find(({ lookedTo }) => lookedTo > after)?.lookedTo ?? null,
  };
}

/** "15 minutes", "4 hours": for sentences. Pure. */
export function ageInWords(minutes: number): string {
  const [count, unit] = minutes < 120 ? [minutes, 'minute'] : [Math.round(minutes / 60), 'hour'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
