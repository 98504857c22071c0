import type { Requests } from '../programs/load.calls.js';
import type { Stage } from '../stage/stage.js';

/** Somebody who accepts notifications and sends them: Postrider, or what it is measured against. */
export interface Contender<R extends Running = Running> {
  readonly name: string;
  /** Why it cannot be measured here; null when it can. */
  missing(stage: Stage): string | null;
  /** Starts it on an empty store of its own. */
  start(stage: Stage, setup: Setup): Promise<R>;
}

export interface Setup {
  /** `accept`: HTTP only; `work`: sends what is due; `both`: one process that does both. */
  readonly role: 'accept' | 'work' | 'both';
  /** Sends in flight at most; connections to the provider, too. */
  readonly concurrency: number;
  readonly nodeArgs?: readonly string[];
}

export interface Running {
  readonly url: string;
  /** Its own Node processes; the database's are counted apart. */
  readonly pids: readonly number[];
  /** How a notification is posted to it. */
  readonly requests: Requests;
  /** CPU of the store it uses, in microseconds so far. */
  storeCpuMicros(): number;
  /** Makes this many notifications due, all at once and behind its back. */
  fill(count: number): Promise<void>;
  /** How many are not sent, or whose result is not recorded. */
  unfinished(): Promise<number>;
  stop(): Promise<void>;
}

/** What both the service and the queues around it are given as the provider's account. */
export const ACCOUNT = {
  sid: 'AC0123456789abcdef0123456789abcdef',
  token: 'fedcba9876543210fedcba9876543210',
  sender: '+15005550006',
} as const;
