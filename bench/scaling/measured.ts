import { readFileSync, writeFileSync } from 'node:fs';

/** Bytes that one notification's rows of a table take, after vacuum. */
export interface TableMeasure {
  /** Rows for each notification. */
  readonly rows: number;
  readonly heapBytes: number;
  readonly indexBytes: number;
}

/** What one notification costs the database; made by measure.main.ts on a real service, read by everything else. */
export interface Measured {
  /** ISO date. */
  readonly date: string;
  readonly machine: string;
  /** How many were measured. */
  readonly notifications: number;
  /** Statements that write, for each notification from its POST to `delivered`. */
  readonly statements: number;
  readonly wal: {
    /** Its pages were written to since the last checkpoint. */
    readonly warmBytes: number;
    /** Its pages were not: the first change of each after a checkpoint logs the page whole. */
    readonly coldBytes: number;
    /** The same with `wal_compression = on`. */
    readonly coldCompressedBytes: number;
  };
  /** The same for a sender in SENDER_RATES, where a notification waits for its turn. */
  readonly paced: { readonly statements: number; readonly walBytes: number };
  /** CPU for each notification, microseconds. */
  readonly cpu: { readonly node: number; readonly postgres: number };
  /** An SMS that was delivered: one attempt, the callbacks `sent` and `delivered`. */
  readonly tables: Readonly<Record<string, TableMeasure>>;
  /** What one that failed for good has besides: a failure and a dead letter. */
  readonly failure: Readonly<Record<string, TableMeasure>>;
  /** What deletes cost: WAL bytes for each notification, and milliseconds of a chunk of 500. */
  readonly retention: Readonly<Record<'bodies' | 'history', { readonly walBytes: number; readonly chunkMs: number }>>;
}

const FILE = new URL(
  import.meta.url.includes('/dist/') ? '../../scaling/measured.json' : 'measured.json',
  import.meta.url,
);

export function readMeasured(): Measured {
  return JSON.parse(readFileSync(FILE, 'utf8')) as Measured;
}

export function writeMeasured(measured: Measured): void {
  writeFileSync(FILE, `${JSON.stringify(measured, null, 2)}\n`);
}

/** Heap and indexes of all tables together, for each notification. */
export function bytesOf(tables: Measured['tables']): number {
  return Object.values(tables).reduce((sum, { heapBytes, indexBytes }) => sum + heapBytes + indexBytes, 0);
}

/** Rows of all tables together, for each notification. */
export function rowsOf(tables: Measured['tables']): number {
  return Object.values(tables).reduce((sum, { rows }) => sum + rows, 0);
}
