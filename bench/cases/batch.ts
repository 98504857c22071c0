import { POSTRIDER } from '../contenders/postrider.variants.js';
import type { Running } from '../contenders/contender.js';
import type { Requests } from '../programs/load.calls.js';
import { type BenchCase, ratio, type Row } from './case.js';
import { P50_MS, P99_MS, PER_SECOND, post, watchCpu } from './measure.js';
import { visit } from './tour.js';

const SIZE = 100;
const SINGLE = 'one by one';
const BATCHED = `${SIZE} in a request`;

export const batch: BenchCase = {
  name: 'batch',
  title: 'Intake, a hundred in a request',
  targets: [
    {
      statement: 'notifications in batches of 100 ≥ 3 × one by one',
      least: 3,
      of: (run) => ratio(run, PER_SECOND, BATCHED, SINGLE),
    },
  ],
  async run(bench) {
    const measure = async (requests: (running: Running) => Requests, size: number): Promise<Row> =>
      await visit(bench, POSTRIDER, { role: 'accept', concurrency: 64 }, async (started) => {
        const running = { ...started, requests: requests(started) };
        await post(bench.stage, running, bench.sizes.warmSeconds);
        const cpu = watchCpu(running);
        const { count, seconds, p50Ms, p99Ms } = await post(bench.stage, running, bench.sizes.loadSeconds);
        const notifications = count * size;
        return { [PER_SECOND]: notifications / seconds, [P50_MS]: p50Ms, [P99_MS]: p99Ms, ...cpu(notifications) };
      });
    return {
      [SINGLE]: await measure(({ requests }) => requests, 1),
      [BATCHED]: await measure(({ requests }) => ({ kind: 'batches', headers: headersOf(requests), size: SIZE }), SIZE),
    };
  },
};

function headersOf(requests: Requests): Readonly<Record<string, string>> {
  return 'headers' in requests ? requests.headers : {};
}
