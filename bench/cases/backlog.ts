import { BULLMQ, GRAPHILE_WORKER, PG_BOSS } from '../contenders/peer.js';
import { POSTRIDER } from '../contenders/postrider.variants.js';
import { type BenchCase, ratio } from './case.js';
import { drain, getWarmByDraining, PER_SECOND } from './measure.js';
import { tour } from './tour.js';

export const backlog: BenchCase = {
  name: 'backlog',
  title: 'A backlog, one worker process, provider without latency',
  targets: [
    {
      statement: 'backlog ≥ 0.9 × graphile-worker, batched',
      least: 0.9,
      of: (run) => ratio(run, PER_SECOND, POSTRIDER.name, GRAPHILE_WORKER.name),
    },
    {
      statement: 'backlog ≥ 1.2 × BullMQ on Redis',
      least: 1.2,
      of: (run) => ratio(run, PER_SECOND, POSTRIDER.name, BULLMQ.name),
    },
  ],
  async run(bench) {
    const { stage, sizes } = bench;
    const contenders = [POSTRIDER, GRAPHILE_WORKER, BULLMQ, ...(sizes.withOthers ? [PG_BOSS] : [])];
    return await tour(
      bench,
      contenders,
      { role: 'work', concurrency: 64 },
      {
        warm: (running, share) => getWarmByDraining(stage, running, Math.ceil(sizes.warmBacklog * share)),
        measure: (running) => drain(stage, running, { count: sizes.backlog, latencyMs: 0 }),
      },
    );
  },
};
