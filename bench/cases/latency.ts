import { BULLMQ } from '../contenders/peer.js';
import { POSTRIDER } from '../contenders/postrider.variants.js';
import type { Running } from '../contenders/contender.js';
import { type Bench, type BenchCase, ratio, type Row } from './case.js';
import { CONNECTIONS, getWarmBySending, P50_MS, P99_MS, untilRecorded } from './measure.js';
import { tour } from './tour.js';

const PER_SECOND = 200;

/** How long it takes from a POST until its request reaches the provider's socket, at a rate that fills nothing. */
export const latency: BenchCase = {
  name: 'latency',
  title: 'From the POST to the provider’s socket, at 200 a second',
  targets: [
    {
      statement: 'latency p50 ≤ 1.2 × BullMQ on Redis',
      most: 1.2,
      of: (run) => ratio(run, P50_MS, POSTRIDER.name, BULLMQ.name),
    },
    {
      statement: 'latency p99 ≤ 2 × BullMQ on Redis',
      most: 2,
      of: (run) => ratio(run, P99_MS, POSTRIDER.name, BULLMQ.name),
    },
  ],
  async run(bench) {
    const { stage, sizes } = bench;
    return await tour(
      bench,
      [POSTRIDER, BULLMQ],
      { role: 'both', concurrency: 64 },
      {
        warm: (running, share) => getWarmBySending(stage, running, sizes.warmSeconds * share),
        measure: (running) => fromPostToSocket(bench, running),
      },
    );
  },
};

async function fromPostToSocket({ stage, sizes }: Bench, running: Running): Promise<Row> {
  await stage.provider.call('reset', { latencyMs: 0 });
  const { count, postedAt = {} } = await stage.load.call('openLoop', {
    url: running.url,
    connections: CONNECTIONS,
    requests: running.requests,
    seconds: sizes.latencySeconds,
    most: 100_000,
    perSecond: PER_SECOND,
  });
  await untilRecorded(stage, running, count);
  const arrivals = await stage.provider.call('arrivals');
  const sorted = Float64Array.from(
    Object.entries(postedAt).map(([order, at]) => (arrivals[order] ?? Number.POSITIVE_INFINITY) - at),
  ).sort();
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { [P50_MS]: at(0.5), [P99_MS]: at(0.99) };
}
