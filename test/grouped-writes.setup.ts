import { setImmediate } from 'node:timers/promises';
import { GroupedWrites, type GroupedWritesOptions } from '../src/database/grouped-writes.js';

export const OPTIONS: GroupedWritesOptions = { name: 'The test', maxGroup: 10, maxWaiting: 100 };

/** Enough turns of the event loop for everything that waits for no time. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await setImmediate();
}

/** A store that keeps what each write was given, and answers with the item doubled. */
export class Store {
  readonly writes: number[][] = [];
  private refusal: ((items: readonly number[]) => Error | null) | null = null;
  private gate: Promise<void> | null = null;

  readonly write = async (items: readonly number[]): Promise<number[]> => {
    this.writes.push([...items]);
    if (this.gate) await this.gate;
    const refused = this.refusal?.(items);
    if (refused) throw refused;
    return items.map((item) => item * 2);
  };

  refuse(refusal: (items: readonly number[]) => Error | null): void {
    this.refusal = refusal;
  }

  /** Holds every write until the answer is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gate = promise;
    return () => {
      if (this.gate === promise) this.gate = null;
      resolve();
    };
  }
}

export function grouped(options: GroupedWritesOptions): { store: Store; writes: GroupedWrites<number, number> } {
  const store = new Store();
  return { store, writes: new GroupedWrites(store.write, options) };
}
