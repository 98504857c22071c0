import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import type { BenchCase, Run } from '../cases/case.js';
import { median, medianRow } from './median.js';

/** What is kept of a case: medians over its runs, and every target's numbers. */
export interface CaseResult {
  readonly title: string;
  readonly measured: string;
  readonly machine: string;
  readonly runs: number;
  readonly rows: Run;
  readonly targets: readonly TargetResult[];
  readonly notes: readonly string[];
}

export interface TargetResult {
  readonly statement: string;
  /** The median of the runs' numbers; null where something was missing. */
  readonly value: number | null;
  readonly met: boolean | null;
}

export type Results = Readonly<Record<string, CaseResult>>;

export function summarise(
  bench: BenchCase,
  runs: readonly Run[],
  notes: readonly string[],
  database: string,
): CaseResult {
  return {
    title: bench.title,
    measured: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'CPU'}, Node ${process.versions.node}, PostgreSQL ${database}`,
    runs: runs.length,
    rows: medianRows(runs),
    targets: bench.targets.map(({ statement, of, least, most }) => {
      const values = runs.map(of).filter((value) => value !== undefined);
      const value = values.length === 0 ? null : median(values);
      const met = value === null ? null : value >= (least ?? -Infinity) && value <= (most ?? Infinity);
      return { statement, value, met };
    }),
    notes: [...new Set(notes)],
  };
}

function medianRows(runs: readonly Run[]): Run {
  const names = new Set(runs.flatMap((run) => Object.keys(run)));
  return Object.fromEntries(
    [...names].map((name) => [name, medianRow(runs.map((run) => run[name]).filter((row) => row !== undefined))]),
  );
}

/** The last results of every case that was ever measured in full. */
export async function readResults(file: string): Promise<Results> {
  const text = await readFile(file, 'utf8').catch(() => '{}');
  return JSON.parse(text) as Results;
}

export async function writeResults(file: string, results: Results): Promise<void> {
  await writeFile(file, `${JSON.stringify(results, rounded, 2)}\n`);
}

/** More digits would only be noise. */
function rounded(_name: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(5)) : value;
}
