import { POSTRIDER } from '../contenders/postrider.variants.js';
import { medianRow } from '../report/median.js';
import { type BenchCase, ratio, type Row } from './case.js';
import { checkStored, P50_MS, P99_MS, PER_SECOND, post, watchCpu } from './measure.js';
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
  run: (bench) =>
    visit(bench, POSTRIDER, { role: 'accept', concurrency: 64 }, async (running) => {
      const { stage, sizes } = bench;
      const { headers } = running.requests;
      const ways = [
        { name: SINGLE, size: 1, running, rows: new Array<Row>() },
        {
          name: BATCHED,
          size: SIZE,
          running: { ...running, requests: { kind: 'batches', headers, size: SIZE } as const },
          rows: new Array<Row>(),
        },
      ];
      let acknowledged = 0;
      const postFor = async ({ size, running: asked }: (typeof ways)[number], forSeconds: number) => {
        const { count, ...result } = await post(stage, asked, forSeconds);
        acknowledged += count * size;
        return { notifications: count * size, ...result };
      };
      for (const way of ways) await postFor(way, sizes.warmSeconds);
      await stage.postgres.checkpoint();
      for (let round = 0; round < sizes.rounds; round += 1) {
        for (const way of ways) {
          const cpu = watchCpu(running);
          const { notifications, seconds, p50Ms, p99Ms } = await postFor(way, sizes.loadSeconds);
          way.rows.push({
            [PER_SECOND]: notifications / seconds,
            [P50_MS]: p50Ms,
            [P99_MS]: p99Ms,
            ...cpu(notifications),
          });
        }
      }
      await checkStored(running, acknowledged);
      return Object.fromEntries(ways.map(({ name, rows }) => [name, medianRow(rows)]));
    }),
};
