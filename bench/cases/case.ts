import type { Stage } from '../stage/stage.js';

/** How much is measured. */
export interface Sizes {
  /** How often each contender is measured in a run, in turn with the others. */
  readonly rounds: number;
  /** Seconds of load before, and in a round. */
  readonly warmSeconds: number;
  readonly loadSeconds: number;
  /** Notifications that are due before, and in a round. */
  readonly warmBacklog: number;
  readonly backlog: number;
  readonly latencySeconds: number;
  /** Rows around the work, in the cases about them. */
  readonly finished: number;
  readonly due: number;
  readonly freshDatabases: number;
  /** Posted at once. */
  readonly burst: number;
  /** Also those that no target names. */
  readonly withOthers: boolean;
}

/** What was measured of one contender, by column; a column's name ends with its unit. */
export type Row = Readonly<Record<string, number>>;

/** One run of a case: a row for each contender that could be measured. */
export type Run = Readonly<Record<string, Row>>;

export interface Target {
  readonly statement: string;
  readonly least?: number;
  readonly most?: number;
  /** The number that is held against the target, from one run; undefined when something is missing. */
  readonly of: (run: Run) => number | undefined;
}

/** What a case needs to run; `note` hears why something could not be measured. */
export interface Bench {
  readonly stage: Stage;
  readonly sizes: Sizes;
  readonly note: (line: string) => void;
  /** Which run of the case it is, from 0; contenders take turns in going first. */
  readonly turn: number;
}

export interface BenchCase {
  readonly name: string;
  readonly title: string;
  /** Left out unless it is asked for, by `--full` or by its name: it takes longer than all others. */
  readonly onlyInFull?: true;
  readonly targets: readonly Target[];
  run(bench: Bench): Promise<Run>;
}

/** One contender's column over another's; both from the same run. */
export function ratio(run: Run, column: string, contender: string, to: string): number | undefined {
  const above = run[contender]?.[column];
  const below = run[to]?.[column];
  return above === undefined || !below ? undefined : above / below;
}
