/** Longer than it takes a circuit that was opened elsewhere to become known here. */
const STRAY_AFTER_MS = 10_000;

/**
 * Recognises holds that lead nowhere: rows that point to a circuit or pace nobody knows, such as the pace of a sender
 * that SENDER_RATES no longer names. Nothing else would ever let them out.
 */
export class Strays {
  private seenSince = new Map<string, number>();

  constructor(private readonly isKnown: (holdId: string) => boolean) {}

  /** @param now milliseconds on a clock that only goes forward. @returns the holds to let out. */
  among(holders: Iterable<string>, now: number): string[] {
    const unknown = [...holders].filter((id) => !this.isKnown(id));
    this.seenSince = new Map(unknown.map((id) => [id, this.seenSince.get(id) ?? now]));
    return unknown.filter((id) => now - (this.seenSince.get(id) ?? now) >= STRAY_AFTER_MS);
  }
}
