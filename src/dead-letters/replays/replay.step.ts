import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { systemActor } from '../../audit/system.actor.js';
import { Database, type Transaction } from '../../database/database.js';
import { isLockTimeout } from '../../database/sql-state.js';
import { LOGGER } from '../../logging/logger.js';
import { isPassingDatabaseFailure } from '../../problems/database-failure.js';
import { loggableError } from '../../problems/loggable-error.js';
import { DeadLetterResolver, type ResolveResult } from '../dead-letter.resolver.js';
import { LOCK_UNHELD } from '../resolve.sql.js';
import type { ObstacleReason } from '../resolution.js';
import { wishOf, type Replay } from './replay.js';
import { COUNT_FAILED, COUNT_STEP, LOCK_REPLAY, TAKE_REPLAY, WAIT_A_MOMENT } from './replay.sql.js';
import { ReplaySelections } from './replay.selections.js';
import { Replays } from './replays.js';

/** A replay stops after this many unexpected failures in a row: they are not the fault of a single dead letter. */
const MOST_FAILURES_IN_A_ROW = 10;

/** The most dead letters in a step. Only with a slow database do so many fall due during the previous step. */
const MOST_AT_ONCE = 32;

const ACTOR = systemActor('replays');

type TakenReplay = Pick<Replay, 'id' | 'action' | 'channel' | 'note' | 'startedBy'> & {
  readonly dueInMs: number;
  /** How many dead letters the rate allows now, at least one. */
  readonly turns: number;
  /** The last dead letter dealt with, and the last of the replay. */
  readonly doneTo: string | null;
  readonly upTo: string | null;
};

/** A failure at some dead letters; if it is only one, the replay can skip it and go on. */
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
 * Resolves the dead letters of a replay that are due, as many as fell due during its previous step. They are resolved
 * and counted in one transaction, so each is resolved exactly once, wherever a process stops.
 */
@Injectable()
export class ReplayStep {
  /** One after a failure, since it does not say which dead letter caused it; doubled by each step that succeeds. */
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
   * @returns milliseconds until the next step is due; null if no replay needs one.
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
      const skips: Partial<Record<ObstacleReason, number>> = {};
      for (const reason of reasons) skips[reason] = (skips[reason] ?? 0) + 1;
      await transaction.run(COUNT_STEP, [replayId, ids.at(-1), ids.length - reasons.length, JSON.stringify(skips)]);
    } catch (error) {
      throw new StepError(replayId, ids, error);
    }
  }

  /** Skips a dead letter that cannot be resolved: it stays open for a human. */
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

/** Those before the first that somebody has locked, so that they need not wait for it; or that one, if it is first. */
async function upToHeld(transaction: Transaction, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 1) return ids;
  const unheld = new Set((await transaction.run<{ id: string }>(LOCK_UNHELD, [ids])).map(({ id }) => id));
  const held = ids.findIndex((id) => !unheld.has(id));
  return held === -1 ? ids : ids.slice(0, Math.max(1, held));
}

/** Why a dead letter was left alone; null if it was resolved. */
function reasonOf(result: ResolveResult | undefined): ObstacleReason | null {
  if (!result) return 'already_resolved';
  return result.kind === 'resolved' ? null : result.obstacle.reason;
}

/** Whether the dead letter itself or a lock on it is the cause; otherwise any other would fail as well. */
function isOfDeadLetter(error: unknown): boolean {
  return isLockTimeout(error) || !isPassingDatabaseFailure(error);
}
