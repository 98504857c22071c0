import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { systemActor } from '../../audit/system.actor.js';
import { Database, type Transaction } from '../../database/database.js';
import { LOGGER } from '../../logging/logger.js';
import { isLockTimeout, isPassingDatabaseFailure } from '../../problems/database-failure.js';
import { loggableError } from '../../problems/loggable-error.js';
import { DeadLetterResolver, type ResolveResult } from '../dead-letter.resolver.js';
import { LOCK_UNHELD } from '../resolve.sql.js';
import type { ObstacleReason } from '../resolution.js';
import { wishOf, type Replay } from './replay.js';
import { COUNT_FAILED, COUNT_STEP, LOCK_REPLAY, TAKE_REPLAY, WAIT_A_MOMENT } from './replay.sql.js';
import { ReplaySelections } from './replay.selections.js';
import { Replays } from './replays.js';

/** Unexpected failures that follow one another until the replay stops: something is wrong with more than one of them. */
const MOST_FAILURES_IN_A_ROW = 10;

/** Dead letters of a step; so many fall due while the last ones are dealt with only where the database is slow. */
const MOST_AT_ONCE = 32;

const ACTOR = systemActor('replays');

type TakenReplay = Pick<Replay, 'id' | 'action' | 'channel' | 'note' | 'startedBy'> & {
  readonly dueInMs: number;
  /** How many dead letters the rate allows now, at least one. */
  readonly turns: number;
  /** The last dead letter dealt with, and the last of all. */
  readonly doneTo: string | null;
  readonly upTo: string | null;
};

/** What failed at some dead letters; where it is one, the replay can go on behind it. */
class StepError extends Error {
  override readonly name = 'StepError';

  constructor(
    readonly replayId: string,
    readonly deadLetterIds: readonly string[],
    cause: unknown,
  ) {
    super('dead letters could not be resolved by a replay', { cause });
  }
}

/**
 * The dead letters of a replay that are due, as many as became due while the last ones were dealt with: they are resolved
 * and counted in one transaction, so each is resolved exactly once, wherever a process stops.
 */
@Injectable()
export class ReplayStep {
  /** One after something failed, since it cannot be told at which, and twice as many with each step that succeeds. */
  private atOnce = MOST_AT_ONCE;

  constructor(
    private readonly database: Database,
    private readonly replays: Replays,
    private readonly resolver: DeadLetterResolver,
    private readonly selections: ReplaySelections,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /**
   * Takes a step of the replay whose turn it is.
   * @returns milliseconds until the next step is due; null when no replay needs one.
   */
  async take(): Promise<number | null> {
    try {
      const dueInMs = await this.database.transaction((transaction) => this.next(transaction));
      this.atOnce = Math.min(MOST_AT_ONCE, this.atOnce * 2);
      return dueInMs;
    } catch (error) {
      if (!(error instanceof StepError) || !isOfDeadLetter(error.cause)) throw error;
      this.atOnce = 1;
      const [deadLetterId, ...others] = error.deadLetterIds;
      if (deadLetterId !== undefined && others.length === 0)
        await this.leave(error.replayId, deadLetterId, error.cause);
      return 0;
    }
  }

  private async next(transaction: Transaction): Promise<number | null> {
    const [replay] = await transaction.run<TakenReplay>(TAKE_REPLAY, [this.atOnce]);
    if (!replay || replay.dueInMs > 0) return replay?.dueInMs ?? null;
    const due = await this.selections.next(transaction, replay, replay.turns);
    if (due.length > 0) {
      await transaction.run(WAIT_A_MOMENT);
      await this.resolve(transaction, replay, await upToHeld(transaction, due));
    } else {
      const { matched, done, failed } = await this.replays.end(transaction, replay.id, 'completed', ACTOR);
      const told = { replayId: replay.id, matched, done, failed };
      transaction.afterCommit(() => this.log.info(told, 'a replay is completed'));
    }
    return 0;
  }

  private async resolve(transaction: Transaction, replay: TakenReplay, ids: readonly string[]): Promise<void> {
    const { id: replayId, startedBy: actor, note } = replay;
    try {
      const by = { actor, note, replayId };
      const results = await this.resolver.resolveIn(transaction, ids, wishOf(replay), by);
      const reasons = ids.flatMap((id) => reasonOf(results.get(id)) ?? []);
      const skips: Record<string, number> = {};
      for (const reason of reasons) skips[reason] = (skips[reason] ?? 0) + 1;
      await transaction.run(COUNT_STEP, [replayId, ids.at(-1), ids.length - reasons.length, JSON.stringify(skips)]);
    } catch (error) {
      throw new StepError(replayId, ids, error);
    }
  }

  /** Goes past a dead letter that cannot be resolved: it stays open for a human. */
  private async leave(replayId: string, deadLetterId: string, cause: unknown): Promise<void> {
    this.log.error({ replayId, deadLetterId, err: loggableError(cause) }, 'a replay leaves a dead letter alone');
    await this.database.transaction(async (transaction) => {
      await transaction.run(LOCK_REPLAY, [replayId]);
      const [count] = await transaction.run<{ failuresInARow: number }>(COUNT_FAILED, [replayId, deadLetterId]);
      if (count && count.failuresInARow >= MOST_FAILURES_IN_A_ROW) {
        await this.replays.end(transaction, replayId, 'failed', ACTOR);
        transaction.afterCommit(() => this.log.error({ replayId }, 'a replay stopped: one failure followed another'));
      }
    });
  }
}

/** Those before the first that somebody holds, so that they need not wait for it; that one alone when its turn comes. */
async function upToHeld(transaction: Transaction, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 1) return ids;
  const unheld = new Set((await transaction.run<{ id: string }>(LOCK_UNHELD, [ids])).map(({ id }) => id));
  const held = ids.findIndex((id) => !unheld.has(id));
  return held === -1 ? ids : ids.slice(0, Math.max(1, held));
}

/** Why a dead letter was left alone; null where it was resolved. */
function reasonOf(result: ResolveResult | undefined): ObstacleReason | null {
  if (!result) return 'already_resolved';
  return result.kind === 'resolved' ? null : result.obstacle.reason;
}

/** Whether it fails for what it is, or for who holds it; else the database would fail at any other as well. */
function isOfDeadLetter(error: unknown): boolean {
  return isLockTimeout(error) || !isPassingDatabaseFailure(error);
}
