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
import { type BenchCase, ratio, type Row } from './case.js';
import { P50_MS, P99_MS, PER_SECOND, post, watchCpu } from './measure.js';
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
    const stores = [POSTRIDER, POSTRIDER_INSERT_EACH, USUAL_TEAM, ...(sizes.withOthers ? OTHERS : [])];
    const setup = { role: 'accept', concurrency: 64 } as const;
    const measure = async (running: Running) => {
      const warm = await post(stage, running, sizes.warmSeconds);
      const cpu = watchCpu(running);
      const { count, seconds, p50Ms, p99Ms } = await post(stage, running, sizes.loadSeconds);
      const row: Row = { [PER_SECOND]: count / seconds, [P50_MS]: p50Ms, [P99_MS]: p99Ms, ...cpu(count) };
      return { row, posted: warm.count + count };
    };
    return {
      ...(await tour(
        bench,
        [NEST_WITHOUT_DATABASE, OWN_PIPE_WITHOUT_DATABASE],
        setup,
        async (running) => (await measure(running)).row,
      )),
      ...(await tour(bench, stores, setup, async (running) => {
        const { row, posted } = await measure(running);
        const stored = await running.unfinished();
        if (stored !== posted) throw new Error(`${posted} were acknowledged and ${stored} are stored`);
        return row;
      })),
    };
  },
};

const OTHERS = [BULLMQ, GRAPHILE_WORKER, PG_BOSS];
