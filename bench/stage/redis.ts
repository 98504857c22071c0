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
  readonly url: string;
  /** Forgets everything. */
  flush(): Promise<void>;
  cpuMicros(): number;
}

/** @returns null where there is no redis-server on the PATH. */
export async function startRedis(cleanup: Cleanup): Promise<BenchRedis | null> {
  const program = findOnPath('redis-server');
  if (program === null) return null;
  const dir = await mkdtemp(join(tmpdir(), 'postrider-bench-redis-'));
  const port = await freePort();
  const settings = { port, bind: '127.0.0.1', dir, appendonly: 'yes', appendfsync: 'always', save: '' };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawnQuietly(program, args, process.env);
  cleanup.add(async () => {
    await endProcess(child);
    await rm(dir, { recursive: true, force: true });
  });
  await untilPortListens(port);
  const url = `redis://127.0.0.1:${port}`;
  return {
    url,
    flush: async () => {
      const redis = new Redis(url);
      await redis.flushall();
      redis.disconnect();
    },
    cpuMicros: () => cpuMicros(child.pid ?? 0),
  };
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
