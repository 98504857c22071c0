import { parseArgs } from 'node:util';
import { CASES } from './cases/cases.js';
import type { BenchCase, Sizes } from './cases/case.js';

export interface Options {
  readonly cases: readonly BenchCase[];
  readonly runs: number;
  readonly sizes: Sizes;
  /** Only a measurement in full is kept. */
  readonly keeps: boolean;
  readonly profile: boolean;
}

export const USAGE = `npm run bench -- [options]

  --only <name>   one case, or several: ${CASES.map(({ name }) => name).join(', ')}
  --runs <n>      runs of each case; the table shows their medians (3)
  --short         one run of everything in small, in a few minutes; nothing is kept
  --full          everything, also with ten million finished rows around it
  --profile       CPU profiles of intake and dispatch instead, into bench/profiles
`;

/**
 * Warm enough that V8 has optimised what runs often, which takes about ten seconds of load: the first of them cost twice
 * as much, whoever is measured.
 */
const FULL: Sizes = {
  rounds: 3,
  warmSeconds: 12,
  loadSeconds: 2,
  warmBacklog: 20_000,
  backlog: 20_000,
  latencySeconds: 5,
  finished: 1_000_000,
  due: 1_000_000,
  freshDatabases: 5,
  burst: 10_000,
  withOthers: true,
};

/** Small enough for every push: it shows that everything runs, and roughly how. */
const SHORT: Sizes = {
  rounds: 1,
  warmSeconds: 0.5,
  loadSeconds: 1,
  warmBacklog: 500,
  backlog: 2000,
  latencySeconds: 3,
  finished: 50_000,
  due: 50_000,
  freshDatabases: 3,
  burst: 2000,
  withOthers: false,
};

/** @throws with a message for the terminal */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true },
      runs: { type: 'string' },
      short: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) throw new Error(USAGE);
  const runs = Number(values.runs ?? (values.short ? 1 : 3));
  if (!Number.isInteger(runs) || runs < 1 || runs > 20) throw new Error('--runs takes a whole number from 1 to 20');
  return {
    cases: values.only
      ? named(values.only.flatMap((names) => names.split(',')))
      : CASES.filter(({ onlyInFull }) => values.full || !onlyInFull),
    runs,
    sizes: values.short ? SHORT : FULL,
    keeps: !values.short,
    profile: values.profile,
  };
}

function named(names: readonly string[]): BenchCase[] {
  return names.map((name) => {
    const found = CASES.find((each) => each.name === name);
    if (!found)
      throw new Error(`There is no case named ${name}; there are ${CASES.map((each) => each.name).join(', ')}`);
    return found;
  });
}
