import type { Channel } from '../src/policy/vocabulary.js';

/** The same numbers again for the same seed (mulberry32). */
export class Chance {
  private state: number;

  constructor(seed: number) {
    this.state = seed;
  }

  /** From 0 (inclusive) to 1 (exclusive). */
  next(): number {
    this.state = Math.trunc(this.state + 0x6d2b79f5);
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  is(probability: number): boolean {
    return this.next() < probability;
  }

  of<T>(choices: readonly [T, ...T[]]): T {
    return choices[Math.floor(this.next() * choices.length)] ?? choices[0];
  }
}

/** Of one recipient or message, and of the sender or account: these open circuits. */
const REFUSALS = [21_211, 21_610, 63_003, 63_016, 99_999] as const;
const STANDSTILLS: readonly [Record<string, unknown>, ...Record<string, unknown>[]] = [
  { kind: 'status', status: 401, code: 20_003 },
  { kind: 'status', status: 429, code: 63_018, retryAfter: 1 },
  { kind: 'status', status: 400, code: 21_606 },
];

/** One thing that the provider may do to a request to create a message or call. */
export function anyFault(chance: Chance): unknown {
  const fault = chance.of<Record<string, unknown>>([
    { kind: 'status', status: chance.of([429, 500, 503]), retryAfter: 1 },
    { kind: 'status', status: 400, code: chance.of(REFUSALS) },
    { kind: 'accepted_then', status: chance.of([500, 503]) },
    { kind: 'reset', when: chance.of(['before_reading', 'after_accepting', 'during_response']) },
    { kind: 'no_answer', accepts: chance.is(0.5) },
    { kind: 'late_answer', ms: 700 },
    { kind: 'slow', ms: 700 },
    { kind: chance.of(['malformed', 'no_sid']) },
    { kind: 'callback', status: chance.of(['undelivered', 'failed']), errorCode: chance.of([30_003, 30_007, 63_016]) },
    { kind: 'callbacks', mode: chance.of(['lost', 'repeated', 'reordered']) },
  ]);
  const refused = chance.is(0.05) ? chance.of(STANDSTILLS) : fault;
  return { times: 1, match: { resource: ['messages', 'calls'] }, fault: refused };
}

/** @param now the database's time */
export function anyNotification(chance: Chance, number: number, now: Date): Record<string, unknown> & { to: string } {
  const inSeconds = (seconds: number) => new Date(now.getTime() + seconds * 1000).toISOString();
  return {
    to: `+1555128${String(number).padStart(4, '0')}`,
    channels: chance.of<Channel[]>([['sms'], ['whatsapp', 'sms'], ['whatsapp', 'sms', 'voice'], ['voice']]),
    body: `Number ${number}`,
    onUnknown: chance.is(0.2) ? 'review' : 'resend',
    ...(chance.is(0.3) && { fallbackAfterSeconds: 2 }),
    ...(chance.is(0.1) && { sendAt: inSeconds(30) }),
    ...(chance.is(0.1) && { expiresAt: inSeconds(chance.of([40, 90])) }),
  };
}
