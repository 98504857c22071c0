import type { Contender, Running, Setup } from '../contenders/contender.js';
import { medianRow } from '../report/median.js';
import type { Bench, Row, Run } from './case.js';

/** What is done with each contender of a tour. */
export interface Stops<R extends Running> {
  /** Gets it going, for a share of what it takes when it is new. */
  readonly warm: (running: R, share: number) => Promise<unknown>;
  /** A short measurement, of which there are several. */
  readonly measure: (running: R, name: string) => Promise<Row>;
  /** Whether all that it did was right. @throws where it was not */
  readonly check?: (running: R, name: string) => Promise<void>;
}

/** Whoever waited for its turn has shrunk its heap and cooled its caches: a little of everything, before it counts. */
const WARM_AGAIN = 1 / 12;

/**
 * Measures contenders beside each other: all are there from start to end, and take turns in being measured for a moment,
 * each with the machine for itself. A machine whose pace changes by the minute does so for all of them. A row is the
 * median of its rounds. Who fails is noted and leaves its place empty.
 */
export async function tour<R extends Running>(
  bench: Bench,
  contenders: readonly Contender<R>[],
  setup: Setup,
  { warm, measure, check }: Stops<R>,
): Promise<Run> {
  const measured = new Map<string, { running: R; rows: Row[] }>();
  const attempt = async (name: string, action: () => Promise<void>) => {
    try {
      await action();
    } catch (error) {
      bench.note(`${name}: not measured, ${error instanceof Error ? error.message : String(error)}`);
      await measured.get(name)?.running.stop();
      measured.delete(name);
    }
  };
  try {
    for (const contender of inTurn(contenders, bench.turn)) {
      const missing = contender.missing(bench.stage);
      if (missing !== null) {
        bench.note(`${contender.name}: not measured, ${missing}`);
        continue;
      }
      await attempt(contender.name, async () => {
        measured.set(contender.name, { running: await contender.start(bench.stage, setup), rows: [] });
      });
    }
    for (const [name, { running }] of measured) {
      await attempt(name, async () => {
        await warm(running, 1);
        await bench.stage.postgres.checkpoint();
      });
    }
    for (let round = 0; round < bench.sizes.rounds; round += 1) {
      for (const [name, { running, rows }] of inTurn([...measured], bench.turn + round)) {
        await attempt(name, async () => {
          await warm(running, WARM_AGAIN);
          rows.push(await measure(running, name));
        });
      }
    }
    for (const [name, { running }] of measured) await attempt(name, async () => await check?.(running, name));
    return Object.fromEntries([...measured].map(([name, { rows }]) => [name, medianRow(rows)]));
  } finally {
    for (const { running } of measured.values()) await running.stop();
  }
}

/** Starts a contender, measures it and stops it. */
export async function visit<R extends Running, T>(
  { stage }: Bench,
  contender: Contender<R>,
  setup: Setup,
  measure: (running: R) => Promise<T>,
): Promise<T> {
  const running = await contender.start(stage, setup);
  try {
    await stage.postgres.checkpoint();
    return await measure(running);
  } finally {
    await running.stop();
  }
}

function inTurn<T>(all: readonly T[], turn: number): T[] {
  const first = turn % Math.max(1, all.length);
  return [...all.slice(first), ...all.slice(0, first)];
}
