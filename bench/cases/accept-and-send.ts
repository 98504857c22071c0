import { BULLMQ, GRAPHILE_WORKER, NOTHING_STORED, PG_BOSS, USUAL_TEAM } from '../contenders/peer.js';
import { POSTRIDER, POSTRIDER_SILENT } from '../contenders/postrider.variants.js';
import { type BenchCase, ratio } from './case.js';
import { getWarmBySending, postAndSend, PER_SECOND, STORE_MICROS } from './measure.js';
import { tour } from './tour.js';

/** What a service really does: from the first POST to the last recorded result, in one process. */
export const acceptAndSend: BenchCase = {
  name: 'accept-and-send',
  title: 'Accept and send at once, one process, provider without latency',
  targets: [
    {
      statement: 'accept and send ≥ 1.3 × BullMQ on Redis',
      least: 1.3,
      of: (run) => ratio(run, PER_SECOND, POSTRIDER.name, BULLMQ.name),
    },
    {
      statement: 'accept and send ≥ 3.5 × graphile-worker, batched',
      least: 3.5,
      of: (run) => ratio(run, PER_SECOND, POSTRIDER.name, GRAPHILE_WORKER.name),
    },
    {
      statement: 'accept and send ≥ 6 × what a team usually writes',
      least: 6,
      of: (run) => ratio(run, PER_SECOND, POSTRIDER.name, USUAL_TEAM.name),
    },
    {
      statement: 'database CPU of a notification ≤ 0.15 × graphile-worker’s',
      most: 0.15,
      of: (run) => ratio(run, STORE_MICROS, POSTRIDER.name, GRAPHILE_WORKER.name),
    },
  ],
  async run(bench) {
    const { stage, sizes } = bench;
    const peers = [BULLMQ, GRAPHILE_WORKER, USUAL_TEAM];
    const contenders = [POSTRIDER, ...peers, NOTHING_STORED, ...(sizes.withOthers ? OTHERS : [])];
    return await tour(
      bench,
      contenders,
      { role: 'both', concurrency: 64 },
      {
        warm: (running, share) => getWarmBySending(stage, running, sizes.warmSeconds * share),
        measure: (running) => postAndSend(stage, running, sizes.loadSeconds),
      },
    );
  },
};

const OTHERS = [PG_BOSS, POSTRIDER_SILENT];
