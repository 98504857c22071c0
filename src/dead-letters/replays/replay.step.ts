import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { Database, type Transaction } from '../../database/database.js';
import { LOGGER } from '../../logging/logger.js';
import { isLockTimeout, isPassingDatabaseFailure } from '../../problems/database-failure.js';
import { loggableError } from '../../problems/loggable-error.js';
import { DeadLetterResolver } from '../dead-letter.resolver.js';
import { wishOf, type Replay } from './replay.js';
import { COUNT_DONE, COUNT_FAILED, COUNT_SKIPPED, LOCK_REPLAY, TAKE_REPLAY, WAIT_A_MOMENT } from './replay.sql.js';
import { ReplaySelections } from './replay.selections.js';
import { Replays } from './replays.js';

/** Unexpected failures that follow one another until the replay stops: something is wrong with more than one of them. */
const MOST_FAILURES_IN_A_ROW = 10;

const ACTOR = 'system/replays';

type TakenReplay = Pick<Replay, 'id' | 'action' | 'channel' | 'note' | 'startedBy'> & {
  readonly dueInMs: number;
  /** The last dead letter dealt with, and the last of all. */
  readonly doneTo: string | null;
  readonly upTo: string | null;
};

/** What failed at one dead letter, so that the replay can go on behind it. */
class StepError extends Error {
  override readonly name = 'StepError';

  constructor(
    readonly replayId: string,
    readonly deadLetterId: string,
    cause: unknown,
  ) {
    super('a dead letter could not be resolved by a replay', { cause });
  }
}

/**
 * One dead letter of a replay at a time: it is resolved and counted in one transaction, so each is resolved exactly
 * once, wherever a process stops.
 */
@Injectable()
export class ReplayStep {
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
      return await this.database.transaction((transaction) => this.next(transaction));
    } catch (error) {
      if (!(error instanceof StepError) || !isOfDeadLetter(error.cause)) throw error;
      await this.leave(error);
      return 0;
    }
  }

  private async next(transaction: Transaction): Promise<number | null> {
    const [replay] = await transaction.run<TakenReplay>(TAKE_REPLAY);
    if (!replay || replay.dueInMs > 0) return replay?.dueInMs ?? null;
    const deadLetter = await this.selections.next(transaction, replay);
    if (deadLetter !== null) {
      await transaction.run(WAIT_A_MOMENT);
      await this.resolve(transaction, replay, deadLetter);
    } else {
      const { matched, done, failed } = await this.replays.end(transaction, replay.id, 'completed', ACTOR);
      const told = { replayId: replay.id, matched, done, failed };
      transaction.afterCommit(() => this.log.info(told, 'a replay is completed'));
    }
    return 0;
  }

  private async resolve(transaction: Transaction, replay: TakenReplay, deadLetterId: string): Promise<void> {
    const { id: replayId, startedBy: actor, note } = replay;
    try {
      const result = await this.resolver.resolveIn(transaction, deadLetterId, wishOf(replay), {
        actor,
        note,
        replayId,
      });
      if (result?.kind === 'resolved') await transaction.run(COUNT_DONE, [replayId, deadLetterId]);
      else {
        const reason = result?.obstacle.reason ?? 'already_resolved';
        await transaction.run(COUNT_SKIPPED, [replayId, deadLetterId, reason]);
      }
    } catch (error) {
      throw new StepError(replayId, deadLetterId, error);
    }
  }

  /** Goes past a dead letter that cannot be resolved: it stays open for a human. */
  private async leave({ replayId, deadLetterId, cause }: StepError): Promise<void> {
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

/** Whether it fails for what it is, or for who holds it; else the database would fail at any other as well. */
function isOfDeadLetter(error: unknown): boolean {
  return isLockTimeout(error) || !isPassingDatabaseFailure(error);
}
