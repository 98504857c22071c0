import { seedDue, seedFinished } from '../contenders/postrider.seed.js';
import { Postrider } from '../contenders/postrider.js';
import { POSTRIDER } from '../contenders/postrider.variants.js';
import { monotonicMs } from '../programs/provider.calls.js';
import type { Running } from '../contenders/contender.js';
import type { Stage } from '../stage/stage.js';
import { type Bench, type BenchCase, ratio, type Row } from './case.js';
import { drain, PER_SECOND, untilSeen } from './measure.js';
import { visit } from './tour.js';

const WORK = { role: 'work', concurrency: 64 } as const;
const EMPTY = 'nothing around it';
const FINISHED = 'many finished rows around it';
const DUE = 'many due rows around it';

/** Whether a backlog drains as fast when there is much around it. */
export const around: BenchCase = {
  name: 'around',
  title: 'A backlog with much around it, one worker process, provider without latency',
  targets: [
    {
      statement: 'backlog with a million finished rows ≥ 0.8 × without',
      least: 0.8,
      of: (run) => ratio(run, PER_SECOND, FINISHED, EMPTY),
    },
    {
      statement: 'backlog with a million due ≥ 0.6 × with few',
      least: 0.6,
      of: (run) => ratio(run, PER_SECOND, DUE, EMPTY),
    },
  ],
  async run(bench) {
    const { finished, due } = bench.sizes;
    return {
      [EMPTY]: await drained(bench, POSTRIDER),
      [FINISHED]: {
        'rows around': finished,
        ...(await drained(bench, new Postrider({ prepare: (database) => seedFinished(database, finished) }))),
      },
      [DUE]: {
        'rows around': due,
        ...(await visit(bench, new Postrider({ prepare: (database) => seedDue(database, due) }), WORK, (running) =>
          firstOfMany(bench.stage, running, bench.sizes.warmBacklog, bench.sizes.backlog),
        )),
      },
    };
  },
};

const SLOWEST = 'slowest';
const MEDIAN = 'median';

/** Fresh databases, each with a worker of its own: a plan made blindly must not be a slow one. */
export const neverAnalysed: BenchCase = {
  name: 'never-analysed',
  title: 'A backlog on tables that were never analysed, one worker process, provider without latency',
  targets: [
    {
      statement: 'slowest backlog on never analysed tables ≥ 0.7 × the median',
      least: 0.7,
      of: (run) => ratio(run, PER_SECOND, SLOWEST, MEDIAN),
    },
  ],
  async run(bench) {
    const blind = new Postrider({
      prepare: async (database) => {
        for (const table of ['outbox', 'notifications', 'deliveries', 'attempts']) {
          await database.query(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`);
        }
      },
    });
    const rates: number[] = [];
    for (let fresh = 0; fresh < bench.sizes.freshDatabases; fresh += 1) {
      rates.push((await drained(bench, blind))[PER_SECOND] ?? 0);
    }
    rates.sort((a, b) => a - b);
    return {
      [SLOWEST]: { [PER_SECOND]: rates[0] ?? 0 },
      [MEDIAN]: { [PER_SECOND]: rates[Math.floor(rates.length / 2)] ?? 0 },
    };
  },
};

async function drained(bench: Bench, postrider: Postrider): Promise<Row> {
  const { warmBacklog: warmUp, backlog: count } = bench.sizes;
  return await visit(bench, postrider, WORK, (running) => drain(bench.stage, running, { warmUp, count, latencyMs: 0 }));
}

/** The pace of the first sends after the warm-up; the rest stays due. */
async function firstOfMany(stage: Stage, running: Running, warmUp: number, count: number): Promise<Row> {
  await untilSeen(stage, warmUp);
  const first = await stage.provider.call('seen');
  const start = monotonicMs();
  await untilSeen(stage, first.count + count);
  const last = await stage.provider.call('seen');
  const seconds = (monotonicMs() - start) / 1000;
  if ((await running.unfinished()) === 0) throw new Error('nothing was left due');
  return { [PER_SECOND]: (last.count - first.count) / seconds };
}
