import { setTimeout as delay } from 'node:timers/promises';

/** How long a step of the start may go on after a signal, in milliseconds: what is half begun cannot be stopped. */
const GRACE_MS = 5000;

/** A second signal this soon is the first one again, in milliseconds: npm hands on what a terminal tells all of its group. */
const SAME_MS = 1000;

/** A signal came before the service was ready. */
export class StartStoppedError extends Error {
  override readonly name = 'StartStoppedError';
}

/** What asks a process to stop: Ctrl-C, a supervisor, a terminal that is closed. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Listens for them from the first moment of the process. */
export class StopSignal {
  /** Resolves at the first one. */
  readonly came: Promise<void>;
  private askedAt: number | null = null;

  constructor() {
    this.came = new Promise((resolve) => {
      const onSignal = () => {
        const now = performance.now();
        // A second one ends the process at once: leases make that safe, too. The embedded PostgreSQL is told as it ends.
        if (this.askedAt !== null && now - this.askedAt > SAME_MS) process.exit(1);
        this.askedAt ??= now;
        resolve();
      };
      for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
    });
  }

  /** @throws StartStoppedError where the start need not go on */
  check(): void {
    if (this.askedAt !== null) throw new StartStoppedError('The start was stopped');
  }

  /**
   * Waits for a step of the start, but after a signal not for ever.
   * @throws StartStoppedError where the step was not over in time
   */
  async inTime<Result>(step: Promise<Result>): Promise<Result> {
    const patience = this.came.then(async (): Promise<never> => {
      await delay(GRACE_MS);
      throw new StartStoppedError('The start was stopped');
    });
    return await Promise.race([step, patience]);
  }
}
