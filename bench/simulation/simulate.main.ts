import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DOCUMENT, SEED, sections, withResults } from './document.js';
import { readMeasured } from '../scaling/measured.js';
import { simulate } from './simulate.js';

/**
 * `npm run simulate`: plans and simulates a day of 10,000 senders and 100 million notifications, and prints what it
 * takes. Node runs it as it is. `--write` renews docs/scaling.md; `--measure` measures on this machine what a
 * notification costs before that.
 */
const ROOT = join(import.meta.dirname, '../..');

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  if (error) throw error;
  if (status !== 0) throw new Error(`This did not work: ${[command, ...args].join(' ')}`);
}

function measure(): void {
  run('npm', ['run', '--silent', 'build']);
  run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'bench/tsconfig.json']);
  run(process.execPath, ['bench/dist/scaling/measure.main.js']);
}

const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    measure: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(SEED) },
    scale: { type: 'string', default: '1' },
  },
});
if (values.measure) measure();
const measured = readMeasured();
const seed = Number(values.seed);
const scale = Number(values.scale);
const simulation = simulate({ seed, scale });
for (const [name, section] of Object.entries(sections(simulation, measured))) {
  process.stdout.write(`\n${name}\n\n${section}\n`);
}
if (values.write || values.measure) {
  if (seed !== SEED || scale !== 1) throw new Error(`The document shows the day of seed ${SEED} in full`);
  const file = join(ROOT, DOCUMENT);
  writeFileSync(file, withResults(readFileSync(file, 'utf8'), simulation, measured));
  process.stdout.write(`\nWritten: ${DOCUMENT}\n`);
}
