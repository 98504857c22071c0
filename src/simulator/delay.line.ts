import { Fifo } from './fifo.js';

/** Timers may fire up to a millisecond early; a task that is this close to due runs without another timer. */
const EARLY_MS = 1;

interface Task {
  /** In `performance.now()` time. */
  readonly dueAt: number;
  readonly run: () => void;
  readonly forgotten: (() => void) | undefined;
}

/**
 * Runs each task a fixed time after it was added. One timer is enough for any number of tasks, because equal delays end
 * in the order in which they began.
 */
export class DelayLine {
  readonly #tasks = new Fifo<Task>();
  #timer: NodeJS.Timeout | undefined;

  /** @param delayMs how long every task waits, in milliseconds */
  constructor(private readonly delayMs: number) {}

  get waiting(): number {
    return this.#tasks.size;
  }

  /** @param forgotten called instead of `run` if the line is cleared first */
  later(run: () => void, forgotten?: () => void): void {
    this.#tasks.push({ dueAt: performance.now() + this.delayMs, run, forgotten });
    this.#arm();
  }

  /** Drops every task that has not run. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) task.forgotten?.();
  }

  #arm(): void {
    const next = this.#tasks.peek();
    if (next === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#runDue(), Math.max(0, next.dueAt - performance.now()));
  }

  #runDue(): void {
    this.#timer = undefined;
    const due = performance.now() + EARLY_MS;
    for (let next = this.#tasks.peek(); next !== undefined && next.dueAt <= due; next = this.#tasks.peek()) {
      this.#tasks.shift();
      next.run();
    }
    this.#arm();
  }
}
