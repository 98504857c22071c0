import { spawnSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isReady } from '../contenders/postrider.js';
import { SERVICE_PROGRAM } from '../service.build.js';
import { openFolder } from '../stage/open-folder.js';
import { freePort, until } from '../stage/ports.js';
import { endProcess, spawnQuietly } from '../stage/program.js';
import type { Bench, BenchCase } from './case.js';

const ROOT = join(import.meta.dirname, '../../..');
const SECONDS = 'seconds';
const STARTS_WITHIN_MS = 60_000;

/** What `npm start` does without any configuration: build what is stale, database, simulator, migrations, service. */
export const start: BenchCase = {
  name: 'start',
  title: 'From the start to ready, with the embedded database and the simulator',
  targets: [{ statement: 'second start ≤ 5 s', most: 5, of: (run) => run['second start']?.[SECONDS] }],
  async run(bench) {
    const folder = await openFolder();
    const cleanup = bench.stage.cleanup.nested();
    cleanup.add(() => rm(folder, { recursive: true, force: true }));
    try {
      const first = await startOnce(bench, folder);
      const second = await startOnce(bench, folder);
      return { 'first start': { [SECONDS]: first }, 'second start': { [SECONDS]: second } };
    } finally {
      await cleanup.run();
    }
  },
};

async function startOnce({ stage }: Bench, dataDir: string): Promise<number> {
  const port = await freePort();
  const begin = performance.now();
  const build = spawnSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'ignore' });
  if (build.status !== 0) throw new Error('the build failed');
  const child = spawnQuietly(process.execPath, ['--enable-source-maps', SERVICE_PROGRAM], {
    PATH: process.env['PATH'],
    DATA_DIR: dataDir,
    PORT: String(port),
  });
  const cleanup = stage.cleanup.nested();
  cleanup.add(() => endProcess(child));
  try {
    await until('the service is ready', STARTS_WITHIN_MS, () => isReady(`http://127.0.0.1:${port}`));
    return (performance.now() - begin) / 1000;
  } finally {
    await cleanup.run();
  }
}
