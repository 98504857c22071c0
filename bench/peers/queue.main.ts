import { orderText } from '../programs/provider.calls.js';
import { serve } from '../stage/rpc.js';
import { openBullMq } from './bullmq.js';
import { openGraphileWorker } from './graphile-worker.js';
import { messageCall } from './message.call.js';
import { type PeerCalls, readSetup } from './peer.calls.js';
import { openPgBoss } from './pg-boss.js';
import { serveIntake } from './queue.intake.js';

/** A queue library as one process: `queue.main <setup> <name>`. */
export const QUEUES = { bullmq: openBullMq, 'graphile-worker': openGraphileWorker, 'pg-boss': openPgBoss } as const;

const setup = readSetup();
const name = process.argv[3] as keyof typeof QUEUES;
const queue = await QUEUES[name](setup);
const url = setup.role === 'work' ? '' : await serveIntake(queue);
if (setup.role !== 'accept') await queue.work(setup.concurrency, messageCall(setup.providerUrl, setup.concurrency));

let filled = 0;
const calls: PeerCalls = {
  fill: (count) => {
    filled += 1;
    return queue.fill(
      Array.from({ length: count }, (_, order) => ({
        key: `seed-${filled}-${order}`,
        job: { to: `+1555${1_000_000 + order}`, body: orderText(order) },
      })),
    );
  },
  unfinished: () => queue.unfinished(),
};
serve(calls, { url, stop: () => queue.close() });
