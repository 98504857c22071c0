import { randomBytes } from 'node:crypto';

/** Bytes of randomness drawn from the system at once. */
const DRAWN_AT_ONCE = 4096;
const MOST_IN_A_MILLISECOND = 0x1000;

/** A clock that goes back this far was wrong before. */
const SET_RIGHT_MS = 60_000;

let time = 0;
let timeText = '';
let counter = 0;
let drawn = '';
let used = 0;

/**
 * A UUIDv7 (RFC 9562) that sorts after all earlier ones of this process: lists are paged by id, so ids of one
 * millisecond keep their order, by a counter in the 12 bits after the time (section 6.2, method 1). The rest is random.
 * The order starts anew if the clock goes back by more than a minute: it had run ahead, and until it got there again
 * all ids would lie in the future.
 *
 * The platform's `randomUUIDv7` keeps no such order. `uuid` does, but asks the system for randomness each time: 4 µs on
 * the machine of docs/performance.md instead of 0.5 µs, several times in each request.
 */
export function newId(): string {
  const now = Date.now();
  if (now > time || now < time - SET_RIGHT_MS) startAt(now);
  // Out of numbers, perhaps while the clock is behind: the time is borrowed from the next millisecond.
  else if (++counter === MOST_IN_A_MILLISECOND) startAt(time + 1);
  const count = counter.toString(16).padStart(3, '0');
  return `${timeText}-7${count}-8${randomHex(3)}-${randomHex(12)}`;
}

function startAt(milliseconds: number): void {
  time = milliseconds;
  counter = 0;
  const hex = milliseconds.toString(16).padStart(12, '0');
  timeText = `${hex.slice(0, 8)}-${hex.slice(8)}`;
}

function randomHex(digits: number): string {
  if (used + digits > drawn.length) {
    drawn = randomBytes(DRAWN_AT_ONCE).toString('hex');
    used = 0;
  }
  used += digits;
  return drawn.slice(used - digits, used);
}
