import { setTimeout as delay } from 'node:timers/promises';

/** How long a startup step may go on after a signal, in milliseconds: a step cannot be stopped halfway. */
const GRACE_MS = 5000;

/** Signals within this many milliseconds count as one: npm forwards those that the terminal sends to its group. */
const SAME_MS = 1000;

/** A signal came before the service was ready. */
export class StartStoppedError extends Error {
  override readonly name = 'StartStoppedError';
}

/** Signals that ask a process to stop: from Ctrl-C, a supervisor or a closed terminal. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Listens for stop signals from the start of the process. */
export class StopSignal {
  /** Resolves at the first stop signal. */
  readonly came: Promise<void>;
  private askedAt: number | null = null;

  constructor() {
    this.came = new Promise((resolve) => {
      const onSignal = () => {
        const now = performance.now();
        // A second signal ends the process at once; leases make this safe. An exit hook stops the embedded PostgreSQL.
        if (this.askedAt !== null && now - this.askedAt > SAME_MS) process.exit(1);
        this.askedAt ??= now;
        resolve();
      };
      for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
    });
  }

  /** @throws StartStoppedError if a signal has come */
  check(): void {
    if (this.askedAt !== null) throw new StartStoppedError('The start was stopped');
  }

  /**
   * Waits for a startup step, but only for a limited time after a signal.
   * @throws StartStoppedError if the step did not end in time
   */
  async inTime<Result>(step: Promise<Result>): Promise<Result> {
    const patience = this.came.then(async (): Promise<never> => {
      await delay(GRACE_MS);
      throw new StartStoppedError('The start was stopped');
    });
    return await Promise.race([step, patience]);
  }
}
