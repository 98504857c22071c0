import { setTimeout as delay } from 'node:timers/promises';
import type { RunningPostrider } from '../contenders/postrider.js';
import { POSTRIDER } from '../contenders/postrider.variants.js';
import type { LoadResult } from '../programs/load.calls.js';
import { residentMb } from '../stage/proc.js';
import type { Bench, BenchCase, Row } from './case.js';
import { PER_SECOND, untilRecorded } from './measure.js';
import { visit } from './tour.js';

const RESIDENT_MB = 'RSS MB';
const SAMPLE_EVERY_MS = 50;
const PACE = 5000;
const BURST_CONNECTIONS = 1000;

/** Resident memory of the one service process that accepts and sends. */
export const memory: BenchCase = {
  name: 'memory',
  title: 'Memory of the service process that accepts and sends',
  targets: [],
  run: (bench) =>
    visit(bench, POSTRIDER, { role: 'both', concurrency: 64 }, async (running) => {
      const { url, requests } = running;
      const { stage, sizes } = bench;
      await delay(1000);
      const idle = { [RESIDENT_MB]: residentMb(running.pids[0] ?? 0) };
      return {
        'at rest': idle,
        [`while ${PACE.toLocaleString('en')} a second are posted`]: await peak(bench, running, () =>
          stage.load.call('openLoop', {
            url,
            requests,
            connections: 256,
            seconds: sizes.loadSeconds,
            most: 100_000,
            perSecond: PACE,
          }),
        ),
        [`while ${sizes.burst.toLocaleString('en')} arrive on ${BURST_CONNECTIONS} connections`]: await peak(
          bench,
          running,
          () =>
            stage.load.call('closedLoop', {
              url,
              requests,
              connections: BURST_CONNECTIONS,
              seconds: 60,
              most: sizes.burst,
            }),
        ),
      };
    }),
};

/** The most it held at any time until everything was recorded. */
async function peak({ stage }: Bench, running: RunningPostrider, load: () => Promise<LoadResult>): Promise<Row> {
  await stage.provider.call('reset', { latencyMs: 0 });
  let most = 0;
  const sampling = setInterval(() => {
    most = Math.max(most, residentMb(running.pids[0] ?? 0));
  }, SAMPLE_EVERY_MS);
  try {
    const { count, failures, seconds } = await load();
    if (failures > 0) throw new Error(`${failures} of ${count + failures} requests were refused`);
    await untilRecorded(stage, running, count);
    return { [RESIDENT_MB]: most, [PER_SECOND]: count / seconds };
  } finally {
    clearInterval(sampling);
  }
}
