import { FailureStreak } from '../logging/failure.streak.js';

/** Work that is repeated in rounds, never two at a time. A round that fails is followed by the next one. */
export class Rounds {
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private nudged = false;
  private started = false;
  private readonly failures = new FailureStreak();
  private readonly stopper = new AbortController();
  /** Aborted by {@link stop}: a long round should end early. */
  readonly stopping: AbortSignal = this.stopper.signal;

  /**
   * @param round does the work, and returns the milliseconds until the next round
   * @param onError is told of a failure, unless the one before it was the same a moment ago
   */
  constructor(
    private readonly round: () => Promise<number>,
    private readonly onError: (error: unknown) => void,
    private readonly afterErrorMs = 500,
  ) {}

  /** @param firstAfterMs milliseconds until the first round */
  start(firstAfterMs = 0): void {
    this.started = true;
    if (firstAfterMs === 0) this.go();
    else this.timer = setTimeout(() => this.go(), firstAfterMs);
  }

  /** Begins the next round now, or right after the one under way. */
  nudge(): void {
    if (this.running) this.nudged = true;
    else this.go();
  }

  /** Resolves when the round under way is over; none follows. */
  async stop(): Promise<void> {
    this.started = false;
    this.stopper.abort();
    if (this.timer) clearTimeout(this.timer);
    await this.running;
  }

  private go(): void {
    if (!this.started || this.running) return;
    if (this.timer) clearTimeout(this.timer);
    this.running = this.run();
  }

  private async run(): Promise<void> {
    this.nudged = false;
    let waitMs = this.afterErrorMs;
    try {
      waitMs = await this.round();
      this.failures.ended();
    } catch (error) {
      if (this.failures.failed(error)) this.onError(error);
    }
    this.running = null;
    if (this.started) this.timer = setTimeout(() => this.go(), this.nudged ? 0 : waitMs);
  }
}
