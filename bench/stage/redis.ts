import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { accessSync, constants } from 'node:fs';
import { Redis } from 'ioredis';
import type { Cleanup } from './cleanup.js';
import { cpuMicros } from './proc.js';
import { endProcess, spawnQuietly } from './program.js';
import { freePort, untilPortListens } from './ports.js';

/** Redis as durable as the database: every write is on disk before it is answered. */
export interface BenchRedis {
  /** A new database; its contents are forgotten with `cleanup`. @returns its address */
  createDatabase(cleanup: Cleanup): Promise<string>;
  cpuMicros(): number;
}

/** More than a benchmark makes. */
const DATABASES = 4096;

/** @returns null where there is no redis-server on the PATH. */
export async function startRedis(cleanup: Cleanup): Promise<BenchRedis | null> {
  const program = findOnPath('redis-server');
  if (program === null) return null;
  const dir = await mkdtemp(join(tmpdir(), 'postrider-bench-redis-'));
  const port = await freePort();
  const settings = {
    port,
    bind: '127.0.0.1',
    dir,
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
    databases: DATABASES,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawnQuietly(program, args, process.env);
  cleanup.add(async () => {
    await endProcess(child);
    await rm(dir, { recursive: true, force: true });
  });
  await untilPortListens(port);
  const url = `redis://127.0.0.1:${port}`;
  let created = 0;
  return {
    createDatabase: async (whileUsed) => {
      const database = `${url}/${created}`;
      created += 1;
      whileUsed.add(() => forget(database));
      return database;
    },
    cpuMicros: () => cpuMicros(child.pid ?? 0),
  };
}

async function forget(database: string): Promise<void> {
  const redis = new Redis(database);
  await redis.flushdb();
  redis.disconnect();
}

function findOnPath(name: string): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}
