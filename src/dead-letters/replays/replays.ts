import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.js';
import { SENDER_VARIABLE, Senders } from '../../channels/senders.js';
import type { Caller } from '../../access/caller.js';
import { Database, type Transaction } from '../../database/database.js';
import type { FieldError } from '../../problems/problem.js';
import { notFound, Problem } from '../../problems/problem.js';
import type { Channel } from '../../policy/vocabulary.js';
import { filterValues } from '../dead-letter.filter.js';
import type { ResolutionAction } from '../resolution.js';
import { skippedOf, wishOf, type Replay, type ReplayState } from './replay.js';
import { StartReplayDto, type ReplayPreviewDto } from './replay.dto.js';
import { ReplayPreview } from './replay.preview.js';
import { END_REPLAY, FIND_REPLAY, LOCK_REPLAY, START_REPLAY } from './replay.sql.js';

/** Starts, shows and ends replays; {@link ReplayKeeper} carries them out. */
@Injectable()
export class Replays {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
    private readonly senders: Senders,
    private readonly previews: ReplayPreview,
  ) {}

  /** @throws Problem `validation-failed` if action and channel do not fit, or `channel-not-configured`. */
  async preview(request: StartReplayDto): Promise<ReplayPreviewDto> {
    const [action, channel] = [StartReplayDto.actionOf(request), request.channel ?? null];
    this.check(action, channel);
    return await this.previews.of(request.filter, wishOf({ action, channel }));
  }

  /** @throws Problem `validation-failed` if action and channel do not fit, or `channel-not-configured`. */
  async start(request: StartReplayDto, by: Caller): Promise<Replay> {
    const { filter, channel = null, note = null } = request;
    const action = StartReplayDto.actionOf(request);
    this.check(action, channel);
    return await this.database.transaction(async (transaction) => {
      const [replay] = await transaction.run<Replay>(START_REPLAY, [
        ...filterValues(filter, 'open'),
        action,
        channel,
        JSON.stringify(filter, withoutNull),
        StartReplayDto.rateOf(request),
        note,
        by.name,
      ]);
      if (!replay) throw new Error('an inserted replay did not come back');
      const { ids, ...named } = filter;
      const { matched, ratePerSecond } = replay;
      const selection = { ...named, ...(ids ? { ids: ids.length } : {}) };
      await this.audit.record(transaction, {
        actor: by.name,
        action: 'replay.started',
        subjectId: replay.id,
        after: { state: 'running', action, channel, filter: selection, matched, ratePerSecond },
        note,
      });
      return replay;
    });
  }

  /** @throws Problem `not-found` */
  async find(id: string): Promise<Replay> {
    const [replay] = await this.database.run<Replay>(FIND_REPLAY, [id]);
    if (!replay) throw notFound('replay');
    return replay;
  }

  /**
   * Stops a replay after its current step. Stopping it again changes nothing.
   * @throws Problem `not-found`; `conflict` if it has ended by itself.
   */
  async cancel(id: string, by: Caller): Promise<Replay> {
    return await this.database.transaction(async (transaction) => {
      const [replay] = await transaction.run<Replay>(LOCK_REPLAY, [id]);
      if (!replay) throw notFound('replay');
      if (replay.state === 'canceled') return replay;
      if (replay.state !== 'running')
        throw new Problem('conflict', { detail: `The replay is ${replay.state} already.` });
      return await this.end(transaction, id, 'canceled', by.name);
    });
  }

  /** Ends a running replay, in the transaction that locks its row. */
  async end(transaction: Transaction, id: string, state: Exclude<ReplayState, 'running'>, actor: string) {
    const [replay] = await transaction.run<Replay>(END_REPLAY, [id, state]);
    if (!replay) throw new Error('a locked replay is gone');
    const { matched, done, failed } = replay;
    await this.audit.record(transaction, {
      actor,
      action: `replay.${state}`,
      subjectId: id,
      before: { state: 'running' },
      after: { state, matched, done, failed, skipped: skippedOf(replay) },
    });
    return replay;
  }

  private check(action: ResolutionAction, channel: Channel | null): void {
    const detail =
      action === 'fallback' ? 'is required: a fallback goes to a channel' : `is for fallbacks, not for ${action}`;
    if ((action === 'fallback') !== (channel !== null)) {
      const errors: FieldError[] = [{ pointer: '/channel', detail }];
      throw new Problem('validation-failed', { detail: `channel ${detail}.`, errors });
    }
    if (channel !== null && this.senders.of(channel) === undefined) {
      throw new Problem('channel-not-configured', {
        detail: `No sender is configured for ${channel}: the operator sets ${SENDER_VARIABLE[channel]}.`,
        errors: [{ pointer: '/channel', detail: 'has no sender configured' }],
      });
    }
  }
}

/** A filter that is null has no effect and is not shown. */
function withoutNull(_name: string, value: unknown): unknown {
  return value ?? undefined;
}
