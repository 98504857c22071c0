/**
 * When the provider is asked about what it accepted and no callback told the end of. Each look comes once for each
 * attempt; its age is RECEIPT_CHECK_MINUTES times `times`: 15 minutes, 4 hours and a day unless set otherwise.
 *
 * `silent`: only where no callback came at all. Where the first ones came, the last one mostly follows; and many carriers
 * send no receipt, so that asking early would ask about everything they carry.
 */
export const RECEIPT_LOOKS = [
  { number: 1, times: 1, at: 'silent' },
  { number: 2, times: 16, at: 'all' },
  { number: 3, times: 96, at: 'all' },
] as const satisfies readonly ReceiptLook[];

/**
 * How long after its age a look still asks: a weekend without a worker, or with a circuit open, loses nothing. What is older
 * (nobody asked for a month, then RECEIPT_CHECK_MINUTES was set) is left alone: a failure that nobody heard of in time is
 * no reason to send it on another channel weeks later.
 */
export const CATCHES_UP_MINUTES = 3 * 24 * 60;

export interface ReceiptLook {
  /** As the table receipt_looks has it. */
  readonly number: number;
  readonly times: number;
  readonly at: 'silent' | 'all';
}

/** "15 minutes", "4 hours": for sentences. Pure. */
export function ageInWords(minutes: number): string {
  const [count, unit] = minutes < 120 ? [minutes, 'minute'] : [Math.round(minutes / 60), 'hour'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
