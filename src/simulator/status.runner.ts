import type { Callback, CallbackSender } from './callback.sender.js';
import { DelayLine } from './delay.line.js';
import type { CallbackFault } from './faults.js';

/** The course of an accepted message or call: its steps, one every `stepMs`. */
export interface StatusJourney<Step> {
  readonly steps: readonly Step[];
  /** Applies the step. @returns the callback that reports it; null if none was requested */
  readonly take: (step: Step) => Callback | null;
  readonly callbacks: CallbackFault;
}

/** Moves messages and calls from status to status, and has their callbacks sent. */
export class StatusRunner {
  readonly #line: DelayLine;

  constructor(
    private readonly sender: CallbackSender,
    stepMs: number,
  ) {
    this.#line = new DelayLine(stepMs);
  }

  /** Number of messages and calls with a step ahead. */
  get pending(): number {
    return this.#line.waiting;
  }

  start<Step>(journey: StatusJourney<Step>): void {
    this.#stepLater(journey, 0, []);
  }

  clear(): void {
    this.#line.clear();
  }

  #stepLater<Step>(journey: StatusJourney<Step>, index: number, heldBack: Callback[]): void {
    const step = journey.steps[index];
    if (step === undefined) {
      this.#sendLatestFirst(heldBack);
      return;
    }
    this.#line.later(() => {
      const callback = journey.take(step);
      if (callback !== null) this.#tell(callback, journey.callbacks, heldBack);
      this.#stepLater(journey, index + 1, heldBack);
    });
  }

  #tell(callback: Callback, mode: CallbackFault, heldBack: Callback[]): void {
    switch (mode) {
      case 'lost':
        return;
      case 'reordered':
        heldBack.push(callback);
        return;
      case 'repeated':
        this.sender.send(callback);
        this.sender.send(callback);
        return;
      case 'normal':
        this.sender.send(callback);
    }
  }

  /** Sends them one step apart, so that they also arrive in the wrong order. */
  #sendLatestFirst(heldBack: Callback[]): void {
    const latest = heldBack.pop();
    if (latest === undefined) return;
    this.sender.send(latest);
    this.#line.later(() => this.#sendLatestFirst(heldBack));
  }
}
