import { Injectable } from '@nestjs/common';
import { Database, type StatementRunner } from '../database/database.js';
import type { Alarm } from './alarm.js';
import { QUIET_MINUTES, TEST_MINUTES } from './alert.kinds.js';
import { ADD_HELD, FORGET, RAISE, RESOLVE, RESOLVE_QUIET, TAKE_TURN } from './alert.register.sql.js';

/** How an alarm counts. */
export interface Raise {
  /** `added` to the open alert's count, or in its place (`now`): how many there are. */
  readonly count: { readonly added: number } | { readonly now: number };
  /** When it began; by default now. */
  readonly since?: Date;
}

/**
 * The alerts on disk, where all replicas meet: one open alert per cause, whoever raises it. It knows no sinks; what
 * they hear follows from what is written here.
 */
@Injectable()
export class AlertRegister {
  constructor(private readonly database: Database) {}

  /** Opens the alert of a cause or adds to the open one, in the caller's transaction or in its own. @returns its id */
  async raise(alarm: Alarm, { count, since }: Raise, runner: StatementRunner = this.database): Promise<string> {
    const { cause, kind, subjectId, severity, summary, advice, facts, ends } = alarm;
    const replaces = 'now' in count;
    const [raised] = await runner.run<{ id: string }>(RAISE, [
      cause,
      kind,
      subjectId,
      severity,
      summary,
      advice,
      JSON.stringify(facts),
      ends,
      replaces ? count.now : count.added,
      replaces,
      since ?? null,
    ]);
    if (!raised) throw new Error('What is raised is one row, always');
    return raised.id;
  }

  /** Adds to the open alert about an incident or a circuit, if there is one. */
  async addHeld(subjectId: string, count: number): Promise<void> {
    await this.database.run(ADD_HELD, [subjectId, count]);
  }

  /** @param ending a sentence; @param at null: now */
  async resolve(
    cause: string,
    ending: string,
    at: Date | null = null,
    runner: StatementRunner = this.database,
  ): Promise<void> {
    await runner.run(RESOLVE, [cause, ending, at]);
  }

  /** Ends alerts that have no end of their own and have been quiet. */
  async resolveQuiet(): Promise<void> {
    const quiet = `Nothing of the kind for ${QUIET_MINUTES} minutes.`;
    await this.database.run(RESOLVE_QUIET, [QUIET_MINUTES, quiet, TEST_MINUTES, 'The test is over.']);
  }

  /** @returns whether this replica is to look after the alerts now. */
  async takeTurn(everyMs: number): Promise<boolean> {
    return (await this.database.run(TAKE_TURN, [everyMs])).length > 0;
  }

  async forget(afterDays: number): Promise<void> {
    await this.database.run(FORGET, [afterDays]);
  }
}
