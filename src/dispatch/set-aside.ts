/**
 * Rows that failed and are skipped for a while, so that they hold up no others. Kept in this process's memory: every
 * other process fails on them once, too. Beyond `most`, the oldest are tried again early.
 */
export class SetAside {
  private readonly until = new Map<string, number>();

  constructor(
    private readonly forMs: number,
    private readonly most: number,
  ) {}

  add(id: string, now: Date): void {
    const [oldest] = this.until.keys();
    if (oldest !== undefined && this.until.size >= this.most) this.until.delete(oldest);
    this.until.set(id, now.getTime() + this.forMs);
  }

  /** The rows that are still skipped. */
  ids(now: Date): string[] {
    for (const [id, until] of this.until) if (until <= now.getTime()) this.until.delete(id);
    return [...this.until.keys()];
  }
}
