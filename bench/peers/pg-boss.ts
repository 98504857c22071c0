import { createHash } from 'node:crypto';
import { PgBoss } from 'pg-boss';
import { Client } from 'pg';
import type { Job, OpenQueue } from './queue.js';

const NAME = 'notifications';

/** Where the queue is never empty for long, batches cost least. */
const BATCH = 50;

/** pg-boss with a job's id made of the key, so that a repeated key adds nothing; jobs fetched in batches. */
export const openPgBoss: OpenQueue = async ({ databaseUrl }) => {
  const boss = new PgBoss({ connectionString: databaseUrl, max: 10, schedule: false, useListenNotify: true });
  boss.on('error', () => {});
  await boss.start();
  await boss.createQueue(NAME, { notify: true });
  const counter = new Client({ connectionString: databaseUrl });
  await counter.connect();
  return {
    add: async (key, job) => void (await boss.send(NAME, job, { id: uuidOf(key) })),
    fill: async (jobs) => {
      await boss.insert(
        NAME,
        jobs.map(({ key, job }) => ({ id: uuidOf(key), data: job })),
      );
    },
    work: async (concurrency, send) => {
      const batchSize = Math.min(BATCH, concurrency);
      await boss.work<Job>(
        NAME,
        {
          batchSize,
          localConcurrency: Math.ceil(concurrency / batchSize),
          pollingIntervalSeconds: 0.5,
          burstWhenBatchFull: true,
        },
        async (jobs) => void (await Promise.all(jobs.map((job) => send(job.data)))),
      );
    },
    unfinished: async () => {
      const { rows } = await counter.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM pgboss.job WHERE name = $1 AND state <> 'completed'`,
        [NAME],
      );
      return rows[0]?.count ?? 0;
    },
    close: async () => {
      await boss.stop({ graceful: true });
      await counter.end();
    },
  };
};

function uuidOf(key: string): string {
  const hex = createHash('sha256').update(key).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
