import { Inject, Injectable } from '@nestjs/common';
import { contentOf, recipientOf } from '../channels/corrected.js';
import type { NotificationContent } from '../channels/content.js';
import { Database } from '../database/database.js';
import type { DeliveryChanges, Work } from '../outbox/work.js';
import { addressOn, isMessagingService } from '../policy/address.js';
import type { Failure } from '../policy/failure.js';
import type { ErrorClass, ResponsibleParty } from '../policy/vocabulary.js';
import { ProviderError } from '../twilio/provider.error.js';
import { TwilioClient } from '../twilio/twilio.client.js';
import type { TwilioRecord } from '../twilio/twilio.records.js';
import { RESOURCE_OF } from '../twilio/resource.js';
import { EVIDENCE, OWNED_SIDS, RIVALS } from './evidence.sql.js';
import type { Judgement } from './judgement.js';
import { judge } from './judgement.js';
import { ownersBegan, RIVAL_MARGIN_MS } from './owner.window.js';
import { comparableText, resemblanceOf } from './resemblance.js';

/** How far the provider's clock may lag behind the database's, in milliseconds; Twilio's times are whole seconds. */
const CLOCK_SKEW_MS = 5000;

/** How the attempt in doubt failed, according to the failure history. */
export interface OriginalFailure {
  /** True if a refusal arrived after the lease had expired: the attempt was certainly not accepted. */
  readonly refused: boolean;
  readonly httpStatus: number | null;
  readonly providerCode: number | null;
  readonly errorClass: ErrorClass;
  readonly responsible: ResponsibleParty;
  readonly rule: string;
}

export interface Finding {
  readonly judgement: Judgement;
  readonly original: OriginalFailure | null;
  /** Why the provider could not be asked; null if it could. */
  readonly lookupFailure: Failure | null;
}

/** Without an errorClass, the failure history does not know the attempt. */
type EvidenceRow = { sid: string | null; source: 'answer' | 'callback' | null; since: Date | null } & (
  OriginalFailure | { readonly refused: boolean; readonly errorClass: null }
);

/**
 * Finds out whether an attempt with an unknown outcome was accepted, before anything is sent again: first from what has
 * reached us (a late answer, a callback that carries the attempt's id), then from the provider's own list. Anything
 * that reaches us while the list is read overrides a message's absence from it.
 * Source: facts, section 1 (no idempotency on creates; the list filters by To and From only).
 */
@Injectable()
export class Reconciler {
  constructor(
    private readonly database: Database,
    @Inject(TwilioClient) private readonly twilio: TwilioClient,
  ) {}

  /** What has reached us so far; null if that does not answer the question. */
  async known(work: Work): Promise<Finding | null> {
    return told(await this.evidence(work));
  }

  /** @param signal ends the look-up: what is not found by then counts as unanswered */
  async find(work: Work, signal: AbortSignal): Promise<Finding> {
    const before = await this.evidence(work);
    const known = told(before);
    if (known) return known;
    const asked = await this.ask(work, before.since ?? work.attemptStartedAt, signal);
    // If the list could not be read, the next look-up reads the evidence again first.
    if (asked.judgement.kind === 'accepted' || asked.lookupFailure) return { ...asked, original: originalOf(before) };
    const after = await this.evidence(work);
    return told(after) ?? { ...asked, original: originalOf(after) };
  }

  private async evidence(work: Work): Promise<EvidenceRow> {
    const [row] = await this.database.run<EvidenceRow>(EVIDENCE, [
      work.attemptId,
      work.deliveryId,
      work.notificationId,
    ]);
    if (!row) throw new Error('The statement that reads the evidence always answers');
    return row;
  }

  private async ask(work: Work, since: Date, signal: AbortSignal): Promise<Omit<Finding, 'original'>> {
    try {
      return { judgement: await this.askProvider(work, since, signal), lookupFailure: null };
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      const judgement = signal.aborted ? NOT_IN_TIME : unanswered(error.failure);
      return { judgement, lookupFailure: error.failure };
    }
  }

  private async askProvider(work: Work, since: Date, signal: AbortSignal): Promise<Judgement> {
    const list = await this.list(work, new Date(since.getTime() - CLOCK_SKEW_MS), signal);
    const fitting = list.items
      .map((record) => ({ record, resemblance: resemblanceOf(record, work) }))
      .filter(({ resemblance }) => resemblance !== 'another');
    const records = fitting.map(({ record }) => record);
    // In this order: an attempt whose acceptance is recorded in between counts as an owner as well. In the other order,
    // it could be missed both as an owner and as a rival.
    const rivals = fitting.length === 0 ? 0 : await this.rivals(work, since);
    const owned = fitting.length === 0 ? new Set<string>() : await this.owned(records, work, since);
    const unowned = fitting.filter(({ record }) => !owned.has(record.sid)).toReversed();
    return judge({
      unowned: unowned.filter(({ resemblance }) => resemblance === 'ours').map(({ record }) => record),
      strangers: unowned.filter(({ resemblance }) => resemblance === 'perhaps').length,
      complete: list.complete,
      rivals,
    });
  }

  private list(work: Work, createdSince: Date, signal: AbortSignal) {
    const { channel, sender } = work;
    const from = isMessagingService(sender) ? {} : { from: addressOn(channel, sender) };
    const query = { to: addressOn(channel, recipientOf(work)), ...from, createdSince };
    return this.twilio.list(RESOURCE_OF[channel], query, signal);
  }

  private async owned(
    records: readonly Pick<TwilioRecord, 'sid' | 'dateCreated'>[],
    work: Work,
    since: Date,
  ): Promise<Set<string>> {
    const began = ownersBegan(records, since, new Date());
    const rows = await this.database.run<{ sid: string }>(OWNED_SIDS, [
      records.map((record) => record.sid),
      work.deliveryId,
      recipientOf(work),
      began.from,
      began.to,
    ]);
    return new Set(rows.map((row) => row.sid));
  }

  private async rivals(work: Work, since: Date): Promise<number> {
    const rows = await this.database.run<{ content: NotificationContent | null; changes: DeliveryChanges | null }>(
      RIVALS,
      [recipientOf(work), work.notificationId, work.channel, new Date(since.getTime() - RIVAL_MARGIN_MS)],
    );
    const mine = comparableText(work, contentOf(work));
    return rows.filter((row) => {
      // What retention has deleted may have been the same.
      const isDeleted = (row.changes?.content ?? row.content) === null;
      const theirs = isDeleted ? null : comparableText(work, contentOf(row));
      return mine === null || theirs === null || mine === theirs;
    }).length;
  }
}

function originalOf(row: EvidenceRow): OriginalFailure | null {
  return row.errorClass === null ? null : row;
}

/** What has reached us, if it answers the question. */
function told(row: EvidenceRow): Finding | null {
  const judgement = judgementOf(row);
  return judgement ? { judgement, original: originalOf(row), lookupFailure: null } : null;
}

function judgementOf({ sid, source, refused }: EvidenceRow): Judgement | null {
  if (sid !== null && source !== null) {
    const because = source === 'callback' ? 'a callback carries its id' : 'its answer arrived late';
    return { kind: 'accepted', sid, source, because, duplicates: 0, record: null };
  }
  return refused ? { kind: 'rejected', because: 'its answer arrived late, and it was refused' } : null;
}

const NOT_IN_TIME = {
  kind: 'unanswered',
  because: "the provider's list could not be read to its end in time",
} as const satisfies Judgement;

/** A key that may not read lists, or an address without any: asking again later would not help. */
const STAYS_REFUSED: ReadonlySet<ErrorClass> = new Set(['permission', 'not_found']);

function unanswered(failure: Failure): Judgement {
  const { errorClass, rule } = failure.classification;
  // Any other refusal says nothing about the attempt.
  return STAYS_REFUSED.has(errorClass)
    ? { kind: 'absent', because: `the provider does not let its list be read (${rule})` }
    : { kind: 'unanswered', because: `the provider's list could not be read (${rule})` };
}
