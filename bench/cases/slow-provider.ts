import { BULLMQ, GRAPHILE_WORKER } from '../contenders/peer.js';
import { POSTRIDER } from '../contenders/postrider.variants.js';
import { UNDICI_ALONE } from '../contenders/undici.alone.js';
import { type BenchCase, ratio } from './case.js';
import { drain, getWarmByDraining, PER_SECOND } from './measure.js';
import { tour } from './tour.js';

const LATENCY_MS = 50;
const CONCURRENCY = 200;

export const slowProvider: BenchCase = {
  name: 'slow-provider',
  title: 'A backlog, one worker process, provider with 50 ms, 200 at a time',
  targets: [
    {
      statement: 'backlog at 50 ms ≥ 0.9 × Node’s fastest HTTP client alone',
      least: 0.9,
      of: (run) => ratio(run, PER_SECOND, POSTRIDER.name, UNDICI_ALONE.name),
    },
  ],
  run(bench) {
    const { stage, sizes } = bench;
    const contenders = [UNDICI_ALONE, POSTRIDER, ...(sizes.withOthers ? [GRAPHILE_WORKER, BULLMQ] : [])];
    return tour(
      bench,
      contenders,
      { role: 'work', concurrency: CONCURRENCY },
      {
        warm: (running, share) => getWarmByDraining(stage, running, Math.ceil(sizes.warmBacklog * share)),
        measure: (running) => drain(stage, running, { count: sizes.backlog, latencyMs: LATENCY_MS }),
      },
    );
  },
};
