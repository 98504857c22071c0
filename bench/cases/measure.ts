import type { Running } from '../contenders/contender.js';
import type { LoadResult } from '../programs/load.calls.js';
import { monotonicMs } from '../programs/provider.calls.js';
import { cpuMicros } from '../stage/proc.js';
import { until } from '../stage/ports.js';
import type { Stage } from '../stage/stage.js';
import type { Row } from './case.js';

/** Long enough for the slowest of them. */
const ENDS_WITHIN_MS = 120_000;

export const PER_SECOND = 'per second';
export const NODE_MICROS = 'Node µs each';
export const STORE_MICROS = 'store µs each';
export const P50_MS = 'p50 ms';
export const P99_MS = 'p99 ms';

/** Connections of whoever posts. */
export const CONNECTIONS = 64;

/** Posts for so long; every connection waits for its answer. @throws when one was refused */
export async function post(stage: Stage, running: Running, seconds: number, most = 1_000_000): Promise<LoadResult> {
  const { url, requests } = running;
  const result = await stage.load.call('closedLoop', { url, connections: CONNECTIONS, requests, seconds, most });
  if (result.failures > 0)
    throw new Error(`${result.failures} of ${result.count + result.failures} requests were refused`);
  return result;
}

/** @throws when it stored more or less than it acknowledged; for one that sends nothing */
export async function checkStored(running: Running, acknowledged: number): Promise<void> {
  const stored = await running.unfinished();
  if (stored !== acknowledged) throw new Error(`${acknowledged} were acknowledged and ${stored} are stored`);
}

/** CPU since `watchCpu` was called, per unit of work. */
export function watchCpu(running: Running): (units: number) => Row {
  const node = () => running.pids.reduce((sum, pid) => sum + cpuMicros(pid), 0);
  const before = { node: node(), store: running.storeCpuMicros() };
  return (units) => ({
    [NODE_MICROS]: (node() - before.node) / units,
    [STORE_MICROS]: (running.storeCpuMicros() - before.store) / units,
  });
}

/** Waits until the provider saw `count` requests and every result is recorded. @returns when that was */
export async function untilRecorded(stage: Stage, running: Running, count: number): Promise<number> {
  await untilSeen(stage, count);
  await until('every result is recorded', ENDS_WITHIN_MS, async () => (await running.unfinished()) === 0, 5);
  const at = monotonicMs();
  const seen = await stage.provider.call('seen');
  if (seen.count !== count) throw new Error(`the provider got ${seen.count} requests for ${count} notifications`);
  return at;
}

export async function untilSeen(stage: Stage, count: number): Promise<void> {
  const reached = async () => (await stage.provider.call('seen')).count >= count;
  await until(`the provider has seen ${count} requests`, ENDS_WITHIN_MS, reached, 10);
}

/**
 * Posts for so long to a process that accepts and sends, and waits until it has sent and recorded everything; so does
 * what gets it warm.
 */
export async function getWarmBySending(stage: Stage, running: Running, seconds: number): Promise<void> {
  await stage.provider.call('reset', { latencyMs: 0 });
  const { count } = await post(stage, running, seconds);
  await untilRecorded(stage, running, count);
}

/** Posts for so long to a process that accepts and sends: from the first POST to the last result on disk. */
export async function postAndSend(stage: Stage, running: Running, seconds: number): Promise<Row> {
  await stage.provider.call('reset', { latencyMs: 0 });
  const cpu = watchCpu(running);
  const start = monotonicMs();
  const { count } = await post(stage, running, seconds);
  const end = await untilRecorded(stage, running, count);
  return { [PER_SECOND]: (count * 1000) / (end - start), ...cpu(count) };
}

/** Lets a running worker get warm on some work. */
export async function getWarmByDraining(stage: Stage, running: Running, count: number): Promise<void> {
  await stage.provider.call('reset', { latencyMs: 0 });
  await running.fill(count);
  await untilRecorded(stage, running, count);
}

export interface Backlog {
  readonly count: number;
  readonly latencyMs: number;
}

/** Gives a running worker a backlog all at once: from the first request to the last result on disk. */
export async function drain(stage: Stage, running: Running, backlog: Backlog): Promise<Row> {
  await stage.provider.call('reset', { latencyMs: backlog.latencyMs });
  await running.fill(backlog.count);
  const cpu = watchCpu(running);
  const end = await untilRecorded(stage, running, backlog.count);
  const { firstAt } = await stage.provider.call('seen');
  return { [PER_SECOND]: (backlog.count * 1000) / (end - firstAt), ...cpu(backlog.count) };
}
