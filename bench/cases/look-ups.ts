import { POSTRIDER } from '../contenders/postrider.variants.js';
import { medianRow } from '../report/median.js';
import type { BenchCase, Row } from './case.js';
import { CONNECTIONS, getWarmBySending, P50_MS, P99_MS, PER_SECOND, watchCpu } from './measure.js';
import { visit } from './tour.js';

const LOOKED_UP = 1000;

/** What callers do who want to know what became of a notification. */
export const lookUps: BenchCase = {
  name: 'look-ups',
  title: 'Looking notifications up, 64 at a time',
  targets: [],
  run: (bench) =>
    visit(bench, POSTRIDER, { role: 'both', concurrency: 64 }, async (running) => {
      const { stage, sizes } = bench;
      await getWarmBySending(stage, running, sizes.warmSeconds);
      const { rows: sent } = await running.database.query<{ id: string }>(
        'SELECT id FROM notifications ORDER BY id DESC LIMIT $1',
        [LOOKED_UP],
      );
      const { url, requests } = running;
      const ids = sent.map(({ id }) => id);
      const lookUp = (seconds: number) =>
        stage.load.call('closedLoop', {
          url,
          connections: CONNECTIONS,
          requests: { kind: 'look-ups', headers: requests.headers, ids },
          seconds,
          most: 1_000_000,
        });
      await lookUp(sizes.warmSeconds);
      const rounds: Row[] = [];
      for (let round = 0; round < sizes.rounds; round += 1) {
        const cpu = watchCpu(running);
        const { count, failures, seconds, p50Ms, p99Ms } = await lookUp(sizes.loadSeconds);
        if (failures > 0) throw new Error(`${failures} of ${count + failures} were not found`);
        rounds.push({ [PER_SECOND]: count / seconds, [P50_MS]: p50Ms, [P99_MS]: p99Ms, ...cpu(count) });
      }
      return { [POSTRIDER.name]: medianRow(rounds) };
    }),
};
