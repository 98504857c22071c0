import { seedDue, seedFinished } from '../contenders/postrider.seed.js';
import { Postrider } from '../contenders/postrider.js';
import { monotonicMs } from '../programs/provider.calls.js';
import type { Running } from '../contenders/contender.js';
import type { Stage } from '../stage/stage.js';
import { type Bench, type BenchCase, ratio, type Row, type Run, type Target } from './case.js';
import { drain, getWarmByDraining, getWarmBySending, PER_SECOND, postAndSend, untilSeen } from './measure.js';
import { FAILURES_MS, LOOK_UP_MS, readingTimes, SUMMARY_MS } from './reading.js';
import { tour, visit } from './tour.js';

const ALL = { role: 'both', concurrency: 64 } as const;
const WORK = { role: 'work', concurrency: 64 } as const;
const FEW = 'few finished rows around it';
const FINISHED = 'many finished rows around it';
const TEN_MILLION = 'ten million finished rows around it';
const DUE = 'many due rows around it';

/** Enough of a history to be read, and little enough to be cheap. */
const A_FEW = 20_000;
const ACCEPTED = 'accepted and sent per second';

/** Whether everything is as fast when there is much around it. */
export const around: BenchCase = {
  name: 'around',
  title: 'Work and reading with much around it, one process, provider without latency',
  targets: [
    ...asFastAsWithout('many', FINISHED),
    {
      statement: 'backlog with many due rows ≥ 0.6 × with few',
      least: 0.6,
      of: (run) => ratio(run, PER_SECOND, DUE, FEW),
    },
  ],
  async run(bench) {
    const { due, finished } = bench.sizes;
    return {
      ...(await workedAndRead(bench, FINISHED, finished)),
      [DUE]: {
        'rows around': due,
        ...(await visit(bench, new Postrider({ prepare: (database) => seedDue(database, due) }), ALL, (running) =>
          firstOfMany(bench.stage, running, bench.sizes.warmBacklog, bench.sizes.backlog),
        )),
      },
    };
  },
};

/** The same at ten times the size, which takes most of its time to fill the database. */
export const aroundTenMillion: BenchCase = {
  name: 'around-ten-million',
  title: 'Work and reading with ten million finished rows around it, one process, provider without latency',
  onlyInFull: true,
  targets: asFastAsWithout('ten million', TEN_MILLION),
  run: (bench) => workedAndRead(bench, TEN_MILLION, 10_000_000),
};

/** What every amount of history has to keep to. */
function asFastAsWithout(amount: string, contender: string): Target[] {
  return [
    {
      statement: `backlog with ${amount} finished rows ≥ 0.8 × without`,
      least: 0.8,
      of: (run) => ratio(run, PER_SECOND, contender, FEW),
    },
    {
      statement: `accepting and sending with ${amount} finished rows ≥ 0.77 × without`,
      least: 1 / 1.3,
      of: (run) => ratio(run, ACCEPTED, contender, FEW),
    },
    ...[LOOK_UP_MS, FAILURES_MS, SUMMARY_MS].map((column) => ({
      statement: `${column} with ${amount} finished rows ≤ 1.3 × without`,
      most: 1.3,
      of: (run: Run) => ratio(run, column, contender, FEW),
    })),
  ];
}

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

async function workedAndRead(bench: Bench, much: string, finished: number): Promise<Run> {
  const { stage, sizes } = bench;
  const amounts = new Map([
    [FEW, A_FEW],
    [much, finished],
  ]);
  const contenders = [...amounts].map(
    ([name, count]) => new Postrider({ name, prepare: (database) => seedFinished(database, count) }),
  );
  return await tour(bench, contenders, ALL, {
    warm: async (running, share) => {
      await getWarmByDraining(stage, running, Math.ceil(sizes.warmBacklog * share));
      await getWarmBySending(stage, running, sizes.warmSeconds * share);
    },
    measure: async (running, name) => {
      const drained = await drain(stage, running, { count: sizes.backlog, latencyMs: 0 });
      const { [PER_SECOND]: accepted = Number.NaN } = await postAndSend(stage, running, sizes.loadSeconds);
      return {
        'rows around': amounts.get(name) ?? Number.NaN,
        ...drained,
        [ACCEPTED]: accepted,
        ...(await readingTimes(running)),
      };
    },
  });
}

async function drained(bench: Bench, postrider: Postrider): Promise<Row> {
  const { stage, sizes } = bench;
  return await visit(bench, postrider, WORK, async (running) => {
    await getWarmByDraining(stage, running, sizes.warmBacklog);
    await stage.postgres.checkpoint();
    return await drain(stage, running, { count: sizes.backlog, latencyMs: 0 });
  });
}

/** The pace of the first sends after the warm-up; the rest stays due. */
async function firstOfMany(stage: Stage, running: Running, warmUp: number, count: number): Promise<Row> {
  // What the provider has seen so far came from others.
  await stage.provider.call('reset', { latencyMs: 0 });
  await untilSeen(stage, warmUp);
  const first = await stage.provider.call('seen');
  const start = monotonicMs();
  await untilSeen(stage, first.count + count);
  const last = await stage.provider.call('seen');
  const seconds = (monotonicMs() - start) / 1000;
  if ((await running.unfinished()) === 0) throw new Error('nothing was left due');
  return { [PER_SECOND]: (last.count - first.count) / seconds };
}
