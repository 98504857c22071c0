import type { Calls } from '../stage/rpc.js';

/** What the provider double can be asked; times are milliseconds on the machine's monotonic clock. */
export interface ProviderCalls extends Calls {
  /** Forgets what it saw; from now on it answers after `latencyMs`. */
  readonly reset: (how: { latencyMs: number }) => void;
  readonly seen: () => Seen;
  /** When the request with each order number arrived; see `orderText`. */
  readonly arrivals: () => Readonly<Record<string, number>>;
}

export interface Seen {
  readonly count: number;
  readonly firstAt: number;
}

/** The text of a notification, by which the provider knows it again. */
export function orderText(number: number): string {
  return `Your order ${String(number).padStart(9, '0')} is on its way and arrives tomorrow before noon.`;
}

/** The order number in a form, urlencoded in either way. */
export function orderIn(form: string): string | null {
  return /order(?:\+|%20)(\d{9})/.exec(form)?.[1] ?? null;
}

/** Milliseconds; the same clock in every process of this machine. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
