import { join } from 'node:path';
import type { Bench, Sizes } from '../cases/case.js';
import { drain, getWarmByDraining, post } from '../cases/measure.js';
import { visit } from '../cases/tour.js';
import type { Running, Setup } from '../contenders/contender.js';
import { POSTRIDER } from '../contenders/postrider.variants.js';
import { monotonicMs } from '../programs/provider.calls.js';
import { table } from '../report/markdown.js';
import type { StatementCost } from '../stage/postgres.js';
import type { Stage } from '../stage/stage.js';
import { summariseProfile } from './profile.summary.js';

/** Profiles the service's two ways of work by themselves, and says where their time goes once they are warm. */
export async function profileJourney(stage: Stage, sizes: Sizes, folder: string, say: (line: string) => void) {
  const bench: Bench = { stage, sizes, note: say, turn: 0 };

  const profile = async (name: string, role: Setup['role'], work: (running: Running) => Promise<Worked>) => {
    const nodeArgs = [
      '--cpu-prof',
      '--cpu-prof-interval=500',
      `--cpu-prof-dir=${folder}`,
      `--cpu-prof-name=${name}.cpuprofile`,
    ];
    const { since, count } = await visit(bench, POSTRIDER, { role, concurrency: 64, nodeArgs }, work);
    const statements = statementTable(await stage.postgres.takeStatements(), count);
    say(`\n${name}\n\n${statements}\n\n${await summariseProfile(join(folder, `${name}.cpuprofile`), since)}`);
  };

  await profile('intake', 'accept', async (running) => {
    await post(stage, running, sizes.warmSeconds);
    await stage.postgres.takeStatements();
    const since = monotonicMs();
    const { count } = await post(stage, running, sizes.loadSeconds);
    return { since, count };
  });
  await profile('dispatch', 'work', async (running) => {
    const count = sizes.backlog;
    await getWarmByDraining(stage, running, sizes.warmBacklog);
    await stage.postgres.takeStatements();
    const since = monotonicMs();
    await drain(stage, running, { count, latencyMs: 0 });
    return { since, count };
  });
  say(`\nThe profiles are in ${folder}; Chrome DevTools opens them.`);
}

interface Worked {
  /** When the profile gets interesting, on the machine's monotonic clock. */
  readonly since: number;
  /** Notifications since then. */
  readonly count: number;
}

/** Statements by what they write; the ones of the benchmark itself are among them. */
function statementTable(statements: readonly StatementCost[], notifications: number): string {
  return table(
    ['statement', 'calls', 'rows a call', 'µs each notification'],
    statements.map(({ text, calls, rows, milliseconds }) => [
      writesOf(text),
      String(calls),
      (rows / calls).toFixed(1),
      ((milliseconds * 1000) / notifications).toFixed(1),
    ]),
  );
}

function writesOf(text: string): string {
  const writes = [...text.matchAll(/\b(INSERT INTO|UPDATE|DELETE FROM) (\w+)/g)].map(
    ([, verb, name]) => `${verb} ${name}`,
  );
  return writes.length > 0 ? writes.join(', ').toLowerCase() : text.replaceAll(/\s+/g, ' ').trim().slice(0, 60);
}
