import { join } from 'node:path';
import type { BenchCase, Run } from './cases/case.js';
import { CASES } from './cases/cases.js';
import { type Options, readOptions } from './options.js';
import { profileJourney } from './profile/profile.journey.js';
import { writeDocument } from './report/document.js';
import { type CaseResult, readResults, type Results, summarise, writeResults } from './report/results.js';
import { caseTable, targetTable } from './report/table.js';
import { Cleanup } from './stage/cleanup.js';
import { buildStage, type Stage } from './stage/stage.js';

const BENCH = join(import.meta.dirname, '..');
const RESULTS = join(BENCH, 'results.json');
const DOCUMENT = join(BENCH, '../docs/performance.md');

let ending = false;
const say = (line: string) => void (ending || process.stdout.write(`${line}\n`));

async function measure(stage: Stage, options: Options): Promise<void> {
  if (!stage.redis) say('No redis-server on the PATH: BullMQ and what a team usually writes are not measured.');
  const results: CaseResult[] = [];
  for (const bench of options.cases) {
    const result = await measureCase(stage, bench, options);
    results.push(result);
    if (options.keeps) {
      const kept = inOrder({ ...(await readResults(RESULTS)), [bench.name]: result });
      await writeResults(RESULTS, kept);
      await writeDocument(DOCUMENT, kept);
    }
  }
  say(`\n${targetTable(results) ?? 'No target is set for that.'}\n`);
  if (!options.keeps) say('Measured in small: these figures show that it runs, not how fast.');
}

/** As the document has them; a case that is no more leaves no result behind. */
function inOrder(results: Results): Results {
  return Object.fromEntries(
    CASES.flatMap(({ name }) => {
      const result = results[name];
      return result ? [[name, result]] : [];
    }),
  );
}

async function measureCase(stage: Stage, bench: BenchCase, { runs, sizes }: Options): Promise<CaseResult> {
  const done: Run[] = [];
  const notes: string[] = [];
  const note = (line: string) => {
    notes.push(line);
    say(`  ${line}`);
  };
  say(`\n${bench.title} (${bench.name})`);
  for (let turn = 0; turn < runs; turn += 1) {
    const begin = performance.now();
    try {
      done.push(await bench.run({ stage, sizes, note, turn }));
      say(`  run ${turn + 1} of ${runs}: ${Math.round((performance.now() - begin) / 1000)} s`);
    } catch (error) {
      note(`a run failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const result = summarise(bench, done, notes, stage.postgres.version);
  say(`\n${caseTable(result)}`);
  return result;
}

const cleanup = new Cleanup();
let building: Promise<unknown> = Promise.resolve();

/** Stops what was started, also after Ctrl-C, and ends this process. */
async function end(code: number): Promise<void> {
  if (ending) return;
  ending = true;
  // What is just being started can be stopped when it has started.
  await building.catch(() => {});
  await cleanup.run().catch((error: unknown) => process.stderr.write(`While stopping: ${String(error)}\n`));
  process.exit(code);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    say('\nStopping everything that was started…');
    void end(130);
  });
}

try {
  const options = readOptions(process.argv.slice(2));
  const built = buildStage(cleanup, options.profile);
  building = built;
  const stage = await built;
  if (options.profile) await profileJourney(stage, options.sizes, join(BENCH, 'profiles'), say);
  else await measure(stage, options);
  await end(0);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  await end(1);
}
