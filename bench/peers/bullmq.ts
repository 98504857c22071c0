import { Queue as BullQueue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { Job, OpenQueue } from './queue.js';

const NAME = 'notifications';
const CHUNK = 1000;

/** BullMQ; the job's id is the key, so that a repeated key adds nothing. */
export const openBullMq: OpenQueue = async ({ redisUrl }) => {
  if (redisUrl === null) throw new Error('BullMQ needs Redis');
  const connect = () => new Redis(redisUrl, { maxRetriesPerRequest: null });
  const queue = new BullQueue<Job>(NAME, { connection: connect() });
  let stopWorking = async () => {};
  return {
    add: async (key, job) => void (await queue.add(NAME, job, { jobId: key })),
    fill: async (jobs) => {
      // All of it is there before the first is taken, as it is where one transaction adds them.
      await queue.pause();
      for (let from = 0; from < jobs.length; from += CHUNK) {
        const chunk = jobs.slice(from, from + CHUNK);
        await queue.addBulk(chunk.map(({ key, job }) => ({ name: NAME, data: job, opts: { jobId: key } })));
      }
      await queue.resume();
    },
    work: async (concurrency, send) => {
      const worker = new Worker<Job>(NAME, (job) => send(job.data), { connection: connect(), concurrency });
      await worker.waitUntilReady();
      stopWorking = () => worker.close();
    },
    unfinished: async () => {
      const counts = await queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized', 'failed');
      return Object.values(counts).reduce((sum, count) => sum + count, 0);
    },
    close: async () => {
      await stopWorking();
      await queue.close();
    },
  };
};
