import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `npm run bench`: installs the peers on first use, builds the service and the benchmark, and runs it. Node runs this
 * file as it is; everything else is compiled, since what a team usually writes has decorators.
 */
const bench = import.meta.dirname;
const root = join(bench, '..');

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (error) throw error;
  if (status === 0) return;
  process.stderr.write(`This did not work: ${[command, ...args].join(' ')}\n`);
  process.exit(status ?? 1);
}

/** npm keeps a copy of the lockfile that it installed. */
function peersAreInstalled(): boolean {
  const installed = join(bench, 'node_modules/.package-lock.json');
  if (!existsSync(installed)) return false;
  const packagesOf = (file: string) => {
    const { packages } = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, { version?: string }> };
    return packages;
  };
  const there = packagesOf(installed);
  return Object.entries(packagesOf(join(bench, 'package-lock.json'))).every(
    ([path, { version, ...rest }]) => path === '' || 'optional' in rest || there[path]?.version === version,
  );
}

if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write('The benchmark needs Node 24: run it as `npm run bench`, which uses the one of this project.\n');
  process.exit(1);
}
if (!peersAreInstalled()) {
  process.stdout.write('Installing what Postrider is measured against…\n');
  run('npm', ['ci', '--prefix', 'bench', '--no-audit', '--no-fund', '--loglevel', 'error']);
}
run('npm', ['run', '--silent', 'build']);
run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'bench/tsconfig.json']);
process.argv[1] = join(bench, 'dist/main.js');
await import(process.argv[1]);
