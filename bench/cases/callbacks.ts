import type { RunningPostrider } from '../contenders/postrider.js';
import { POSTRIDER } from '../contenders/postrider.variants.js';
import type { PreparedRequest } from '../programs/load.calls.js';
import { type Bench, type BenchCase, ratio, type Row } from './case.js';
import { callbacksFor } from './callbacks.requests.js';
import {
  CONNECTIONS,
  drain,
  getWarmByDraining,
  P50_MS,
  P99_MS,
  PER_SECOND,
  untilRecorded,
  watchCpu,
} from './measure.js';
import { visit } from './tour.js';

const PACE = 3000;
const LATENCY_MS = 50;
const CALLBACKS = 'callbacks, as fast as they are taken';
const SENDS = 'sends at 50 ms, 64 at a time';
const SENDS_MEANWHILE = `the same while ${PACE} callbacks a second arrive`;

/** Signed status callbacks, each checked and recorded before its 204. */
export const callbacks: BenchCase = {
  name: 'callbacks',
  title: 'Status callbacks, one process',
  targets: [
    { statement: 'callbacks ≥ 3,000 a second', least: PACE, of: (run) => run[CALLBACKS]?.[PER_SECOND] },
    {
      statement: `sends while ${PACE.toLocaleString('en')} callbacks a second arrive ≥ 0.8 × without`,
      least: 0.8,
      of: (run) => ratio(run, PER_SECOND, SENDS_MEANWHILE, SENDS),
    },
  ],
  run: (bench) =>
    visit(bench, POSTRIDER, { role: 'both', concurrency: 64 }, async (running) => {
      const { stage, sizes } = bench;
      const backlog = { count: Math.round(sizes.backlog / 4), latencyMs: LATENCY_MS };
      await getWarmByDraining(stage, running, sizes.warmBacklog);
      await stage.postgres.checkpoint();
      const sends = await drain(stage, running, backlog);
      // As many as arrive while the same backlog is drained again, and some to measure by themselves.
      await accept(bench, running, (backlog.count / (sends[PER_SECOND] ?? 1)) * PACE + sizes.backlog / 2);
      const prepared = await callbacksFor(running);
      const alone = prepared.splice(0, sizes.backlog / 2);
      return {
        [CALLBACKS]: await asFastAsTaken(bench, running, alone),
        [SENDS]: sends,
        [SENDS_MEANWHILE]: await sendsMeanwhile(bench, running, prepared, backlog.count),
      };
    }),
};

async function accept({ stage }: Bench, running: RunningPostrider, callbacks: number): Promise<void> {
  const notifications = Math.ceil(callbacks / 2);
  await stage.provider.call('reset', { latencyMs: 0 });
  await running.fill(notifications);
  await untilRecorded(stage, running, notifications);
}

async function asFastAsTaken({ stage }: Bench, running: RunningPostrider, requests: PreparedRequest[]): Promise<Row> {
  const cpu = watchCpu(running);
  const load = { url: running.url, connections: CONNECTIONS, seconds: 60, most: requests.length };
  const result = await stage.load.call('closedLoop', { ...load, requests: { kind: 'prepared', requests } });
  const { rows } = await running.database.query<{ recorded: number; delivered: number }>(`
    SELECT (SELECT count(*)::int FROM callbacks) AS recorded,
      (SELECT count(*)::int FROM notifications WHERE status = 'delivered') AS delivered`);
  const { recorded = 0, delivered = 0 } = rows[0] ?? {};
  if (recorded !== requests.length || delivered !== requests.length / 2)
    throw new Error(`${requests.length} callbacks: ${recorded} are recorded, ${delivered} notifications are delivered`);
  const { count, seconds, p50Ms, p99Ms } = result;
  return { [PER_SECOND]: count / seconds, [P50_MS]: p50Ms, [P99_MS]: p99Ms, ...cpu(count) };
}

async function sendsMeanwhile(
  { stage }: Bench,
  running: RunningPostrider,
  requests: PreparedRequest[],
  count: number,
): Promise<Row> {
  await stage.provider.call('reset', { latencyMs: LATENCY_MS });
  await running.fill(count);
  const load = { url: running.url, connections: CONNECTIONS, seconds: 60, most: requests.length, perSecond: PACE };
  const arriving = stage.load.call('openLoop', { ...load, requests: { kind: 'prepared', requests } });
  const end = await untilRecorded(stage, running, count);
  const { firstAt } = await stage.provider.call('seen');
  const { failures } = await arriving;
  if (failures > 0) throw new Error(`${failures} callbacks were refused`);
  return { [PER_SECOND]: (count * 1000) / (end - firstAt) };
}
