import type { Row } from '../cases/case.js';

/** The middle of the values; of an even number of them, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The same of each column. */
export function medianRow(rows: readonly Row[]): Row {
  const columns = new Set(rows.flatMap((row) => Object.keys(row)));
  return Object.fromEntries(
    [...columns].map((column) => [
      column,
      median(rows.map((row) => row[column]).filter((value) => value !== undefined)),
    ]),
  );
}
