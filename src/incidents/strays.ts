/** Longer than it takes for a circuit opened elsewhere to become known here. */
const STRAY_AFTER_MS = 10_000;

/**
 * Finds orphaned holds: rows that point to an unknown circuit or pace, such as that of a sender no longer named in
 * SENDER_RATES. Nothing else would ever release them.
 */
export class Strays {
  private seenSince = new Map<string, number>();

  constructor(private readonly isKnown: (holdId: string) => boolean) {}

  /** @param now milliseconds on a monotonic clock. @returns the holds to release */
  among(holders: Iterable<string>, now: number): string[] {
    const unknown = [...holders].filter((id) => !this.isKnown(id));
    this.seenSince = new Map(unknown.map((id) => [id, this.seenSince.get(id) ?? now]));
    return unknown.filter((id) => now - (this.seenSince.get(id) ?? now) >= STRAY_AFTER_MS);
  }
}
