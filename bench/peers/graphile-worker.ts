import { makeWorkerUtils, run } from 'graphile-worker';
import { Pool } from 'pg';
import type { Job, OpenQueue } from './queue.js';

const TASK = 'send';
const ADDS_AT_ONCE = 10;

/** Logs nothing: Postrider's log goes to /dev/null, too, but it is written. */
const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

/** graphile-worker as it is fastest: jobs fetched into a local queue, completions in batches. */
export const openGraphileWorker: OpenQueue = async ({ databaseUrl }) => {
  const pgPool = new Pool({ connectionString: databaseUrl, max: ADDS_AT_ONCE });
  pgPool.on('error', () => {});
  pgPool.on('connect', (client) => void client.on('error', () => {}));
  const { Logger } = await import('graphile-worker');
  const logger = new Logger(() => (level) => silent[level === 'warning' ? 'warn' : level]());
  const utils = await makeWorkerUtils({ pgPool, logger });
  await utils.migrate();
  let stopWorking = async () => {};
  return {
    add: async (key, job) => void (await utils.addJob(TASK, job, { jobKey: key })),
    fill: async (jobs) => {
      await utils.addJobs(jobs.map(({ key, job }) => ({ identifier: TASK, payload: job, jobKey: key })));
    },
    work: async (concurrency, send) => {
      const runner = await run({
        connectionString: databaseUrl,
        logger,
        concurrency,
        noHandleSignals: true,
        taskList: { [TASK]: (payload) => send(payload as Job) },
        preset: { worker: { localQueue: { size: Math.max(500, 2 * concurrency) }, completeJobBatchDelay: 0 } },
      });
      stopWorking = () => runner.stop();
    },
    unfinished: async () => {
      const { rows } = await pgPool.query<{ count: number }>('SELECT count(*)::int AS count FROM graphile_worker.jobs');
      return rows[0]?.count ?? 0;
    },
    close: async () => {
      await stopWorking();
      await utils.release();
      await pgPool.end();
    },
  };
};
