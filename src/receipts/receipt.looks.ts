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
  /** The look's number in the table receipt_looks. */
  readonly number: number;
  readonly times: number;
  readonly at: 'silent' | 'all';
}

/** "15 minutes", "4 hours": for sentences. Pure. */
export function ageInWords(minutes: number): string {
  const [count, unit] = minutes < 120 ? [minutes, 'minute'] : [Math.round(minutes / 60), 'hour'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
