import type { Calls } from '../stage/rpc.js';

/** What a peer's program answers to. */
export interface PeerCalls extends Calls {
  /** Makes this many jobs due at once; only of the queues, which are given backlogs. */
  readonly fill: (count: number) => Promise<void>;
  /** Jobs that are not completed. */
  readonly unfinished: () => Promise<number>;
}

/** What a peer's program needs to know, as JSON in its one argument. */
export interface PeerSetup {
  readonly databaseUrl: string;
  readonly redisUrl: string | null;
  readonly providerUrl: string;
  readonly role: 'accept' | 'work' | 'both';
  readonly concurrency: number;
}

export function readSetup(): PeerSetup {
  return JSON.parse(process.argv[2] ?? '{}') as PeerSetup;
}
