/** A notification as a team would put it on a queue. */
export interface Job {
  readonly to: string;
  readonly body: string;
}

/** A queue with the least that a team would write around it. */
export interface Queue {
  /** Stores one job under a unique key, durably. */
  add(key: string, job: Job): Promise<void>;
  /** Stores many at once, by whatever means the library has for it. */
  fill(jobs: readonly { key: string; job: Job }[]): Promise<void>;
  /** Runs jobs, so many at a time. */
  work(concurrency: number, send: (job: Job) => Promise<void>): Promise<void>;
  unfinished(): Promise<number>;
  close(): Promise<void>;
}

export type OpenQueue = (setup: { databaseUrl: string; redisUrl: string | null }) => Promise<Queue>;
