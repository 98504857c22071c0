import type { Contender, Running, Setup } from '../contenders/contender.js';
import type { Bench, Row, Run } from './case.js';

/** Measures contenders one after another; one that fails is noted and leaves its place empty. */
export async function tour(
  bench: Bench,
  contenders: readonly Contender[],
  setup: Setup,
  measure: (running: Running, contender: Contender) => Promise<Row>,
): Promise<Run> {
  const rows: Record<string, Row> = {};
  for (const contender of inTurn(contenders, bench.turn)) {
    const missing = contender.missing(bench.stage);
    if (missing !== null) {
      bench.note(`${contender.name}: not measured, ${missing}`);
      continue;
    }
    try {
      rows[contender.name] = await visit(bench, contender, setup, (running) => measure(running, contender));
    } catch (error) {
      bench.note(`${contender.name}: not measured, ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return rows;
}

/** Starts a contender, measures it and stops it. */
export async function visit<R extends Running, T>(
  { stage }: Bench,
  contender: { start(stage: Bench['stage'], setup: Setup): Promise<R> },
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
  const first = turn % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}
