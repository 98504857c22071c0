import { ACCOUNTS, STEP_SECONDS } from './assumptions.js';
import { LIMITS } from './limits.js';
import type { SenderState } from './sender.js';

interface Room {
  /** Requests and calls that may still be made in this step. */
  requests: number;
  calls: number;
  /** What senders would make of them, could they. */
  wantedRequests: number;
  wantedCalls: number;
}

const REQUESTS = (ACCOUNTS.concurrentRequests / ACCOUNTS.latencySeconds) * STEP_SECONDS;
const CALLS = LIMITS.calls.perSecond * STEP_SECONDS;
const UNITS = LIMITS.account.perSecond * STEP_SECONDS;

/** What the senders of an account share: its messages a second, and its subaccounts' requests and calls. */
export class SharedLimits {
  private readonly subaccounts: readonly Room[] = Array.from({ length: ACCOUNTS.subaccountsEach }, () => ({
    requests: 0,
    calls: 0,
    wantedRequests: 0,
    wantedCalls: 0,
  }));
  private units = 0;
  private wantedUnits = 0;

  /** A new step begins. */
  refill(): void {
    this.units = UNITS;
    for (const room of this.subaccounts) {
      room.requests = REQUESTS;
      room.calls = CALLS;
    }
  }

  /** A sender has more to send, or less. */
  want(sender: SenderState, count: number): void {
    const room = this.roomOf(sender);
    room.wantedRequests += count;
    if (sender.channel === 'voice') room.wantedCalls += count;
    this.wantedUnits += count * sender.units;
  }

  /** Whether everybody could send everything now, as far as these limits go. */
  get suffice(): boolean {
    if (this.wantedUnits > this.units) return false;
    for (const room of this.subaccounts) {
      if (room.wantedRequests > room.requests || room.wantedCalls > room.calls) return false;
    }
    return true;
  }

  /** How many a sender may send now. */
  left(sender: SenderState): number {
    const { requests, calls } = this.roomOf(sender);
    return Math.min(requests, sender.channel === 'voice' ? calls : requests, this.units / sender.units);
  }

  spend(sender: SenderState, count: number): void {
    const room = this.roomOf(sender);
    room.requests -= count;
    if (sender.channel === 'voice') room.calls -= count;
    this.units -= count * sender.units;
  }

  private roomOf({ plan }: SenderState): Room {
    const room = this.subaccounts[plan.subaccount];
    if (!room) throw new Error(`There is no subaccount ${plan.subaccount}`);
    return room;
  }
}
