import { mkdtemp, open, rm } from 'node:fs/promises';
import { fdatasyncSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { orderText } from '../programs/provider.calls.js';
import type { Stage } from '../stage/stage.js';

/** How many times a second 8 kB reach the disk for certain: what every commit waits for. */
export async function flushesPerSecond(seconds: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'postrider-bench-disk-'));
  const file = await open(join(folder, 'flushed'), 'w');
  const page = Buffer.alloc(8192, 1);
  try {
    const start = performance.now();
    let count = 0;
    while (performance.now() - start < seconds * 1000) {
      writeSync(file.fd, page, 0, page.length, (count % 1000) * page.length);
      fdatasyncSync(file.fd);
      count += 1;
    }
    return (count * 1000) / (performance.now() - start);
  } finally {
    await file.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Rows a second into a bare table of a notification's size, so many in a statement, on one connection. */
export async function insertedPerSecond(stage: Stage, rowsInStatement: number, seconds: number): Promise<number> {
  const cleanup = stage.cleanup.nested();
  try {
    const client = new Client({ connectionString: await stage.postgres.createDatabase(cleanup) });
    await client.connect();
    cleanup.add(() => client.end());
    await client.query('CREATE TABLE bare (id uuid PRIMARY KEY, recipient text, body text, due_at timestamptz)');
    const insert = {
      name: 'insert-bare',
      text: `INSERT INTO bare SELECT uuidv7(), recipient, body, now() FROM unnest($1::text[], $2::text[]) AS t (recipient, body)`,
      values: ['+15551230001', orderText(1)].map((text) => Array.from({ length: rowsInStatement }, () => text)),
    };
    await client.query(insert);
    const start = performance.now();
    let rows = 0;
    while (performance.now() - start < seconds * 1000) {
      await client.query(insert);
      rows += rowsInStatement;
    }
    return (rows * 1000) / (performance.now() - start);
  } finally {
    await cleanup.run();
  }
}
