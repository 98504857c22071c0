/** Lets one through per interval and counts the others, so that what anybody can cause cannot fill the log. */
export class Sparing {
  private nextAt = -Infinity;
  private leftOut = 0;

  /** @param now milliseconds of a clock that never goes back */
  constructor(
    private readonly intervalMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @param say is called if this one may pass, with the number of those left out since the last one that did */
  pass(say: (leftOut: number) => void): void {
    const now = this.now();
    if (now < this.nextAt) {
      this.leftOut++;
      return;
    }
    const { leftOut } = this;
    this.nextAt = now + this.intervalMs;
    this.leftOut = 0;
    say(leftOut);
  }
}
