import { POSTRIDER, POSTRIDER_TWICE } from '../contenders/postrider.variants.js';
import { type BenchCase, ratio } from './case.js';
import { drain, getWarmByDraining, PER_SECOND } from './measure.js';
import { tour } from './tour.js';

export const twoWorkers: BenchCase = {
  name: 'two-workers',
  title: 'Two worker processes on one database, provider with 50 ms, 64 at a time each',
  targets: [
    {
      statement: 'two workers ≥ 1.7 × one, while there is CPU',
      least: 1.7,
      of: (run) => ratio(run, PER_SECOND, POSTRIDER_TWICE.name, POSTRIDER.name),
    },
  ],
  async run(bench) {
    const { stage, sizes } = bench;
    return await tour(
      bench,
      [POSTRIDER, POSTRIDER_TWICE],
      { role: 'work', concurrency: 64 },
      {
        warm: (running, share) => getWarmByDraining(stage, running, Math.ceil(sizes.warmBacklog * share)),
        measure: (running) => drain(stage, running, { count: Math.round(sizes.backlog / 2), latencyMs: 50 }),
      },
    );
  },
};
