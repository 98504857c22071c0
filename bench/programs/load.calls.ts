import type { Calls } from '../stage/rpc.js';

/** What a load generator sends, one after another. */
export type Requests =
  /** Notifications one by one, each with a key of its own. */
  | { readonly kind: 'notifications'; readonly headers: Readonly<Record<string, string>> }
  /** The same, `size` in a request. */
  | { readonly kind: 'batches'; readonly headers: Readonly<Record<string, string>>; readonly size: number }
  /** The form of a Twilio message; what the provider gets from whoever works. */
  | { readonly kind: 'messages' }
  /** Notifications by their ids, over and over again. */
  | { readonly kind: 'look-ups'; readonly headers: Readonly<Record<string, string>>; readonly ids: readonly string[] }
  /** Requests that were made before, each once. */
  | { readonly kind: 'prepared'; readonly requests: readonly PreparedRequest[] };

export interface PreparedRequest {
  /** POST unless said otherwise. */
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Bare sockets, which cost next to nothing; or undici where it is itself what is measured. */
export type ClientName = 'sockets' | 'undici';

interface Load {
  readonly url: string;
  /** Sockets unless said otherwise. */
  readonly client?: ClientName;
  readonly connections: number;
  readonly requests: Requests;
  /** Requests end after this many seconds… */
  readonly seconds: number;
  /** …or when there were this many. */
  readonly most: number;
}

export interface LoadResult {
  /** Requests that were answered as they should be. */
  readonly count: number;
  readonly failures: number;
  /** From the first request to the last answer. */
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** When each order was posted, by its number; milliseconds on the machine's monotonic clock. */
  readonly postedAt?: Readonly<Record<string, number>>;
}

export interface LoadCalls extends Calls {
  /** Each connection sends its next request when the last one is answered. */
  readonly closedLoop: (load: Load) => Promise<LoadResult>;
  /** Requests leave at a pace of their own, whether the earlier ones were answered or not. */
  readonly openLoop: (load: Load & { readonly perSecond: number }) => Promise<LoadResult>;
}
