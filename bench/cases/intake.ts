import {
  NEST_WITHOUT_DATABASE,
  OWN_PIPE_WITHOUT_DATABASE,
  USUAL_TEAM,
  BULLMQ,
  GRAPHILE_WORKER,
  PG_BOSS,
} from '../contenders/peer.js';
import { POSTRIDER, POSTRIDER_INSERT_EACH } from '../contenders/postrider.variants.js';
import type { Running } from '../contenders/contender.js';
import { type BenchCase, ratio } from './case.js';
import { checkStored, P50_MS, P99_MS, PER_SECOND, post, watchCpu } from './measure.js';
import { tour } from './tour.js';

/** One notification per request; those that store are asked for every one of them afterwards. */
export const intake: BenchCase = {
  name: 'intake',
  title: 'Intake, one by one',
  targets: [
    {
      statement: 'intake ≥ 0.85 × Nest on Fastify with its ValidationPipe, the same rules and no database',
      least: 0.85,
      of: (run) => ratio(run, PER_SECOND, POSTRIDER.name, NEST_WITHOUT_DATABASE.name),
    },
    {
      statement: 'intake ≥ 0.85 × the same with Postrider’s faster pipe',
      least: 0.85,
      of: (run) => ratio(run, PER_SECOND, POSTRIDER.name, OWN_PIPE_WITHOUT_DATABASE.name),
    },
    {
      statement: 'intake ≥ 5 × what a team usually writes',
      least: 5,
      of: (run) => ratio(run, PER_SECOND, POSTRIDER.name, USUAL_TEAM.name),
    },
    {
      statement: 'intake ≥ 2 × the same service with one prepared INSERT per request',
      least: 2,
      of: (run) => ratio(run, PER_SECOND, POSTRIDER.name, POSTRIDER_INSERT_EACH.name),
    },
  ],
  async run(bench) {
    const { stage, sizes } = bench;
    const floors = [NEST_WITHOUT_DATABASE, OWN_PIPE_WITHOUT_DATABASE];
    const stores = [POSTRIDER, POSTRIDER_INSERT_EACH, USUAL_TEAM, ...(sizes.withOthers ? OTHERS : [])];
    const posted = new Map<Running, number>();
    const postFor = async (running: Running, seconds: number) => {
      const result = await post(stage, running, seconds);
      posted.set(running, (posted.get(running) ?? 0) + result.count);
      return result;
    };
    return await tour(
      bench,
      [...floors, ...stores],
      { role: 'accept', concurrency: 64 },
      {
        warm: (running, share) => postFor(running, sizes.warmSeconds * share),
        measure: async (running) => {
          const cpu = watchCpu(running);
          const { count, seconds, p50Ms, p99Ms } = await postFor(running, sizes.loadSeconds);
          return { [PER_SECOND]: count / seconds, [P50_MS]: p50Ms, [P99_MS]: p99Ms, ...cpu(count) };
        },
        check: async (running, name) => {
          if (stores.some((store) => store.name === name)) await checkStored(running, posted.get(running) ?? 0);
        },
      },
    );
  },
};

const OTHERS = [BULLMQ, GRAPHILE_WORKER, PG_BOSS];
