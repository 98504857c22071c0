import type { NewNotification, Work } from './work.js';

/** Starts accepted work in this process; the dispatcher is one, and an api-only process has none. */
export interface Worker {
  /**
   * Asks for places in which accepted notifications may start at once, without overtaking work that waits already.
   * @returns how many are granted; {@link take} gives them back.
   */
  reserve(wanted: number): number;
  mayStart(notification: NewNotification): boolean;
  /**
   * Takes over leased work in the places that were reserved for it.
   * @param leasedAt the earliest time its lease may have begun, on this process's monotonic clock
   */
  take(work: readonly Work[], reserved: number, leasedAt: number): void;
}
