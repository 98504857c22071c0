import { cpus } from 'node:os';
import { NODE_MICROS, STORE_MICROS, watchCpu } from '../cases/measure.js';
import { Postrider, type RunningPostrider } from '../contenders/postrider.js';
import { seedFinished } from '../contenders/postrider.seed.js';
import { ACCOUNT } from '../contenders/contender.js';
import type { LoadCalls } from '../programs/load.calls.js';
import type { ProviderCalls } from '../programs/provider.calls.js';
import { Cleanup } from '../stage/cleanup.js';
import { startPostgres } from '../stage/postgres.js';
import { Program } from '../stage/program.js';
import type { Stage } from '../stage/stage.js';
import { retire, sizesOf, spreadHistory, tablesOfHistory, walPosition } from './measure.database.js';
import { DELIVERED, live, UNREACHABLE } from './measure.life.js';
import { type Measured, writeMeasured } from './measured.js';

/**
 * Measures what one notification costs the database, with the service as `npm start` runs it and a durable PostgreSQL:
 * rows, bytes, statements, WAL, CPU. Takes about a minute; `npm run simulate -- --measure` runs it and renews the document.
 */
const WARM_UP = 1000;
const LIVES = 6000;
const FAILURES = 500;
/** So many around them that the few which are measured meet nobody on a page of an index. */
const AROUND = 100_000;
const COLD_LIVES = 300;
/** A sender's rate that nothing here exceeds: everything waits for its turn, and gets it at once. */
const PACE = 5000;
const PACED_LIVES = 2000;

/** What only a notification that fails for good has rows in. */
const TABLES_OF_FAILURES = ['failures', 'dead_letters'];
/** As retention.chunks.ts has it. */
const CHUNK = 500;

interface Retention {
  readonly DELETE_BODIES: { readonly text: string };
  readonly DELETE_HISTORY: { readonly text: string };
}

async function build(cleanup: Cleanup, settings: Readonly<Record<string, string>>): Promise<Stage> {
  const postgres = await startPostgres(cleanup, true, settings);
  const provider = await Program.start<ProviderCalls>(cleanup, 'programs/provider.main');
  const load = await Program.start<LoadCalls>(cleanup, 'programs/load.main');
  return { postgres, redis: null, provider, load, cleanup };
}

type Warm = Pick<Measured, 'statements' | 'cpu' | 'tables' | 'failure' | 'retention'> & { readonly warmBytes: number };
type Spent = Pick<Measured, 'statements' | 'cpu'> & { readonly walBytes: number };

/** What lives cost on pages that were written to since the last checkpoint. */
async function measureLives(stage: Stage, running: RunningPostrider, lives: number): Promise<Spent> {
  const { database } = running;
  await live(stage, running, WARM_UP, DELIVERED);
  await stage.postgres.takeStatements();
  const before = await walPosition(database);
  const cpu = watchCpu(running);
  await live(stage, running, lives, DELIVERED);
  const spent = cpu(lives);
  const walBytes = Math.round(((await walPosition(database)) - before) / lives);
  const writes = (await stage.postgres.takeStatements()).filter(({ text }) =>
    /\b(?:INSERT|UPDATE|DELETE)\b/.test(text),
  );
  const calls = writes.reduce((sum, statement) => sum + statement.calls, 0);
  return {
    statements: Number((calls / lives).toFixed(3)),
    walBytes,
    cpu: { node: Math.round(spent[NODE_MICROS] ?? 0), postgres: Math.round(spent[STORE_MICROS] ?? 0) },
  };
}

async function measureWarm(stage: Stage, running: RunningPostrider): Promise<Warm> {
  const { walBytes: warmBytes, ...spent } = await measureLives(stage, running, LIVES);
  const all = await tablesOfHistory(running.database);
  const tables = await sizesOf(
    running.database,
    all.filter((table) => !TABLES_OF_FAILURES.includes(table)),
    WARM_UP + LIVES,
  );
  await live(stage, running, FAILURES, UNREACHABLE);
  return {
    ...spent,
    warmBytes,
    tables: Object.fromEntries(Object.entries(tables).filter(([name, { rows }]) => rows > 0 || name === 'outbox')),
    failure: await sizesOf(running.database, TABLES_OF_FAILURES, FAILURES),
    retention: await measureRetention(stage, running),
  };
}

/** What is old is cold: it was written to many checkpoints ago. */
async function measureRetention(stage: Stage, { database }: RunningPostrider): Promise<Measured['retention']> {
  const module = new URL('../../../dist/src/retention/retention.sql.js', import.meta.url).href;
  const { DELETE_BODIES, DELETE_HISTORY } = (await import(module)) as Retention;
  await stage.postgres.checkpoint();
  const bodies = await retire(database, DELETE_BODIES.text, CHUNK);
  await stage.postgres.checkpoint();
  return { bodies, history: await retire(database, DELETE_HISTORY.text, CHUNK) };
}

/** A few lives in a grown database, right after a checkpoint: each page that they touch is logged whole. */
async function measureCold(stage: Stage, running: RunningPostrider): Promise<number> {
  const { database } = running;
  await seedFinished(database, AROUND);
  await spreadHistory(database);
  await live(stage, running, COLD_LIVES, DELIVERED);
  await stage.postgres.checkpoint();
  const before = await walPosition(database);
  await live(stage, running, COLD_LIVES, DELIVERED);
  return Math.round(((await walPosition(database)) - before) / COLD_LIVES);
}

/** A server, a service and a provider of its own, all of them stopped at the end. */
async function on<T>(
  { settings = {}, env = {} }: { settings?: Readonly<Record<string, string>>; env?: Readonly<Record<string, string>> },
  measure: (stage: Stage, running: RunningPostrider) => Promise<T>,
): Promise<T> {
  const cleanup = new Cleanup();
  try {
    const stage = await build(cleanup, settings);
    return await measure(stage, await new Postrider({ env }).start(stage, { role: 'both', concurrency: 64 }));
  } finally {
    await cleanup.run();
  }
}

const { warmBytes, coldBytes, version, ...warm } = await on({}, async (stage, running) => ({
  ...(await measureWarm(stage, running)),
  coldBytes: await measureCold(stage, running),
  version: stage.postgres.version,
}));
const coldCompressedBytes = await on({ settings: { wal_compression: 'on' } }, measureCold);
const { cpu: _, ...paced } = await on({ env: { SENDER_RATES: `${ACCOUNT.sender}=${PACE}` } }, (stage, running) =>
  measureLives(stage, running, PACED_LIVES),
);
writeMeasured({
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'CPU'}, Node ${process.versions.node}, PostgreSQL ${version}`,
  notifications: LIVES,
  wal: { warmBytes, coldBytes, coldCompressedBytes },
  ...warm,
  paced,
});
process.stdout.write('Measured: bench/scaling/measured.json\n');
