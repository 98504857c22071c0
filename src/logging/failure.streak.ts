const TELL_EVERY_MS = 10_000;

/**
 * Decides which failures of something that is tried again and again are worth a line in the log: the first, any of
 * another kind, and one per interval. Otherwise an outage of the database fills the log just when somebody reads it.
 */
export class FailureStreak {
  private kind: string | null = null;
  private tellAt = -Infinity;

  /** @param now milliseconds of a clock that never goes back */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** @returns whether to log this one */
  failed(error: unknown): boolean {
    const kind = kindOf(error);
    const now = this.now();
    if (kind === this.kind && now < this.tellAt) return false;
    this.kind = kind;
    this.tellAt = now + TELL_EVERY_MS;
    return true;
  }

  /** It worked: the next failure is news again. */
  ended(): void {
    this.kind = null;
  }
}

function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return `${error.name} ${'code' in error ? String(error.code) : error.message}`;
}
