/** Counts what is under way, and lets callers wait until nothing is. */
export class InFlight {
  private under = 0;
  private waiting: (() => void)[] = [];

  get count(): number {
    return this.under;
  }

  begin(): void {
    this.under += 1;
  }

  end(): void {
    this.under -= 1;
    if (this.under === 0) for (const tell of this.waiting.splice(0)) tell();
  }

  /** Resolves when nothing is under way. */
  async none(): Promise<void> {
    while (this.under > 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }
}
