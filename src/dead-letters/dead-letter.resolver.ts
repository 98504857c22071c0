import { Inject, Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.js';
import { channelsLeft } from '../channels/channels-left.js';
import { Senders } from '../channels/senders.js';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { Database, type Transaction } from '../database/database.js';
import { DecisionLog } from '../explain/decision.log.js';
import { carriedTo } from '../outbox/carried-changes.js';
import { Outbox } from '../outbox/outbox.js';
import type { DeliveryChanges } from '../outbox/work.js';
import { CHANNELS } from '../policy/vocabulary.js';
import { notFound, Problem } from '../problems/problem.js';
import { refuseCountry } from '../validation/allowed-country.js';
import { correctedDelivery, correctedSender, misplacedCorrections, type Corrections } from './corrections.js';
import type { DeadLetter } from './dead-letter.entity.js';
import { problemOf } from './obstacle.problem.js';
import {
  namesOf,
  obstacleTo,
  resolutionOf,
  resolutionSentence,
  type Obstacle,
  type ResolutionWish,
} from './resolution.js';
import { LOCK_CANDIDATES, LOCK_NOTIFICATIONS, MARK_RESOLVED, type Candidate } from './resolve.sql.js';

/** Who resolves, and why. */
export interface Resolver {
  /** As in the audit log. */
  readonly actor: string;
  readonly note: string | null;
  /** The replay that resolves it, if one does. */
  readonly replayId?: string;
}

export type ResolveResult =
  | { readonly kind: 'resolved'; readonly deadLetter: DeadLetter }
  | { readonly kind: 'refused'; readonly obstacle: Obstacle; readonly candidate: Candidate };

/**
 * Carries out a human's resolution: the new delivery, the dead letter's state, the audit entry and the sentence for the
 * explanation are one transaction, under locks on the notification and the dead letter. So if two people resolve the
 * same dead letter, one succeeds, and the other learns that it is done.
 */
@Injectable()
export class DeadLetterResolver {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly senders: Senders,
    private readonly audit: AuditLog,
    private readonly decisions: DecisionLog,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  /** @throws Problem if there is no such dead letter, or something stands in the way. */
  async resolve(id: string, wish: ResolutionWish, by: Resolver): Promise<DeadLetter> {
    const results = await this.database.transaction((transaction) => this.resolveIn(transaction, [id], wish, by));
    const result = results.get(id);
    if (!result) throw notFound('dead letter');
    if (result.kind === 'refused') throw problemOf(result.obstacle, wish, result.candidate);
    return result.deadLetter;
  }

  /**
   * Like {@link resolve}, for several dead letters in the caller's transaction.
   * @returns the result of each that exists. Nothing was written for those that were refused.
   * @throws Problem for corrections: `validation-failed` if they do not fit the channel, `country-not-allowed` for a
   *   recipient elsewhere.
   */
  async resolveIn(
    transaction: Transaction,
    ids: readonly string[],
    wish: ResolutionWish,
    by: Resolver,
  ): Promise<ReadonlyMap<string, ResolveResult>> {
    await transaction.run(LOCK_NOTIFICATIONS, [ids]);
    const results = new Map<string, ResolveResult>();
    const unhindered: Candidate[] = [];
    for (const candidate of await transaction.run<Candidate>(LOCK_CANDIDATES, [...this.targetOf(wish), ids])) {
      const changes = this.changesOf(wish, candidate);
      const obstacle = obstacleTo(wish.kind, candidate, changes?.content ?? candidate.content);
      if (obstacle) {
        results.set(candidate.id, { kind: 'refused', obstacle, candidate });
        continue;
      }
      if (wish.kind !== 'discard') await this.send(transaction, candidate, changes);
      unhindered.push(candidate);
    }
    for (const deadLetter of await this.close(transaction, unhindered, wish, by))
      results.set(deadLetter.id, { kind: 'resolved', deadLetter });
    return results;
  }

  /** The first parameters of the statements that read candidates. */
  targetOf(wish: ResolutionWish): unknown[] {
    const senders = Object.fromEntries(CHANNELS.map((channel) => [channel, this.senders.of(channel)]));
    const corrections = (wish.kind === 'retry' && wish.corrections) || {};
    const from = correctedSender(corrections);
    return [JSON.stringify(senders), wish.kind === 'fallback' ? wish.channel : null, corrections.to ?? null, from];
  }

  /** How the new delivery differs from the notification; null if it does not. */
  private changesOf(wish: ResolutionWish, candidate: Candidate): DeliveryChanges | null {
    if (wish.kind !== 'retry') return carriedTo(candidate.changes);
    const corrections = wish.corrections ?? {};
    // One that is resolved is refused for that, whatever the corrections.
    if (candidate.state === 'open') this.check(candidate, corrections);
    return correctedDelivery(candidate, corrections);
  }

  /** @throws Problem, see {@link resolveIn} */
  private check(candidate: Candidate, corrections: Corrections): void {
    const following = channelsLeft(candidate).filter((channel) => this.senders.of(channel));
    const errors = misplacedCorrections({ ...candidate, following }, corrections);
    if (errors.length > 0) {
      throw new Problem('validation-failed', { detail: 'These corrections do not fit the channel.', errors });
    }
    if (corrections.to) refuseCountry(corrections.to, this.configuration.env.ALLOWED_COUNTRIES, '/changes/to');
  }

  private async send(transaction: Transaction, candidate: Candidate, changes: DeliveryChanges | null) {
    const { notificationId, category, targetChannel: channel, targetSender: sender } = candidate;
    if (sender === null) throw new Error('a resolution that sends was not refused for its missing sender');
    const delivery = { notificationId, category, channel, sender, changes: { ...changes, begunBy: 'human' as const } };
    const started = await this.outbox.startDelivery(transaction, delivery);
    if (!started) throw new Error('a failed notification could not be queued, although its row is locked');
  }

  private async close(
    transaction: Transaction,
    candidates: readonly Candidate[],
    wish: ResolutionWish,
    { actor, note, replayId }: Resolver,
  ): Promise<DeadLetter[]> {
    if (candidates.length === 0) return [];
    const resolution = resolutionOf(wish);
    const audited = candidates.map((candidate) => ({
      actor,
      action: `dead_letter.${resolution}` as const,
      subjectId: candidate.id,
      before: { state: 'open', notificationStatus: candidate.notificationStatus },
      after: {
        state: 'resolved',
        resolution,
        ...(wish.kind === 'discard' ? {} : { notificationStatus: 'queued', channel: candidate.targetChannel }),
        ...(wish.kind === 'retry' && wish.corrections ? { corrected: namesOf(wish.corrections) } : {}),
        ...(replayId === undefined ? {} : { replayId }),
      },
      note,
    }));
    const decided = candidates.map(({ notificationId, deliveryId, channel }) => ({
      notificationId,
      deliveryId,
      rule: 'review' as const,
      sentence: resolutionSentence(wish, channel, replayId !== undefined),
    }));
    await this.audit.record(transaction, ...audited);
    await this.decisions.record(transaction, ...decided);
    const ids = candidates.map(({ id }) => id);
    const resolved = await transaction.run<DeadLetter>(MARK_RESOLVED, [ids, resolution, actor, note]);
    if (resolved.length < ids.length) throw new Error('a locked dead letter is gone');
    return resolved;
  }
}
