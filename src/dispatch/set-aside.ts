/**
 * Rows that failed and are passed over for a while, so that they hold up no others. In this process's memory: another one
 * fails on them once itself. Beyond `most`, the oldest are looked at again early.
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

  /** Those that are still passed over. */
  ids(now: Date): string[] {
    for (const [id, until] of this.until) if (until <= now.getTime()) this.until.delete(id);
    return [...this.until.keys()];
  }
}
