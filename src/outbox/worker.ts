import type { NewNotification, Work } from './work.js';

/** What this process can work on right now; the dispatcher is one, an api-only process has none. */
export interface Worker {
  /**
   * Asks for places in which accepted notifications may start at once, without overtaking what waits already.
   * @returns how many of them are granted; {@link take} gives them back.
   */
  reserve(wanted: number): number;
  mayStart(notification: NewNotification): boolean;
  /**
   * Takes over leased work in the places that were reserved for it.
   * @param leasedAt when its lease began at the earliest, on this process's monotonic clock
   */
  take(work: readonly Work[], reserved: number, leasedAt: number): void;
}
