import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { plainArray } from '../database/array-literal.js';
import { Database, type Transaction } from '../database/database.js';
import { GroupedWrites } from '../database/grouped-writes.js';
import { codesThatMayHaveArrived, type TwilioErrorCodeTable } from '../twilio/error-codes/error-code.js';
import { ERROR_CODE_TABLE } from '../twilio/error-codes/error-code-table.js';
import { newId } from '../identifiers/new-id.js';
import { LOGGER } from '../logging/logger.js';
import { BACKLOG } from './backlog.sql.js';
import { BEGIN_RESEND } from './begin-resend.sql.js';
import { CANCEL } from './cancel.sql.js';
import { CLAIM, NEXT_DUE } from './claim.sql.js';
import { claimedWork, type ClaimedRow } from './claimed.work.js';
import { endExpired } from './expiry.js';
import { GIVE_BACK } from './give-back.sql.js';
import { COUNT_HELD, HOLDERS, RELEASE_HELD, RELEASE_PROBE, TOP_UP_RELEASED } from './hold.sql.js';
import { RESCUE } from './rescue.sql.js';
import { ONE_OF_EACH, settleAccepted, settleUnsuccessful, type SettleOutcome } from './settlement.js';
import { LOCK_OVERDUE_DELIVERY, START_DELIVERY, STOP_WATCHING, TAKE_OVERDUE } from './start-delivery.sql.js';
import type {
  AcceptedAttempt,
  DeliveryChanges,
  ExpiredWork,
  OverdueDelivery,
  ReleasedWork,
  TakenDelivery,
  UnsuccessfulWork,
  Work,
} from './work.js';
import { PRIORITY } from './work.js';
import type { Category, Channel } from '../policy/vocabulary.js';
import { WakeUp } from './wake-up.js';

/** Hears how many leases had expired. Must neither throw nor wait. */
export type RescueListener = (count: number) => void;

/**
 * Nobody waits for an accepted attempt to be settled: its slot is free already, and its lease covers it until then.
 * After a crash, attempts accepted within this time are looked up like all other leased work.
 */
const SETTLEMENT_SPACING_MS = 20;

/** Several times as long as the provider may be asked about an overdue delivery. */
const TAKEN_FOR_MS = 15_000;

/**
 * The outbox table: all work that is left, in PostgreSQL. Callbacks change it with statements of their own
 * (callbacks/*.sql.ts); other modules only read it. Settlements are grouped: what arrives during one commit goes out
 * with the next. Work comes in through the {@link NotificationIntake}.
 */
@Injectable()
export class Outbox {
  private readonly listeners = new Set<RescueListener>();
  private readonly codesThatMayHaveArrived: readonly number[];

  private readonly accepted: GroupedWrites<AcceptedAttempt, SettleOutcome>;
  private readonly unsuccessful = new GroupedWrites<UnsuccessfulWork, SettleOutcome>(
    (group) => this.storeUnsuccessful(group),
    { name: 'The settlement of failed attempts', ...ONE_OF_EACH },
  );

  constructor(
    private readonly database: Database,
    private readonly wakeUp: WakeUp,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(ERROR_CODE_TABLE) codes: TwilioErrorCodeTable,
    @Inject(LOGGER) private readonly log: Logger,
  ) {
    this.codesThatMayHaveArrived = codesThatMayHaveArrived(codes);
    this.accepted = new GroupedWrites<AcceptedAttempt, SettleOutcome>((group) => settleAccepted(this.database, group), {
      name: 'The settlement of accepted attempts',
      ...ONE_OF_EACH,
      spacing: { ms: SETTLEMENT_SPACING_MS, enough: 2 * configuration.env.DISPATCH_CONCURRENCY },
    });
  }

  subscribe(listener: RescueListener): void {
    this.listeners.add(listener);
  }

  /** Leases due work, at most `limit` rows. */
  async claim(limit: number): Promise<Work[]> {
    const leaseToken = newId();
    const rows = await this.database.run<ClaimedRow & object>(CLAIM, [
      limit,
      leaseToken,
      this.configuration.bootId,
      this.configuration.env.LEASE_MS,
      plainArray(Array.from({ length: limit }, newId)),
    ]);
    return rows.map((row) => claimedWork(row, leaseToken));
  }

  /** Gives back leased work that was not begun, as if it had never been claimed. */
  async giveBack(work: readonly Work[]): Promise<void> {
    if (work.length === 0) return;
    await this.database.run(GIVE_BACK, [
      plainArray(work.map(({ notificationId }) => notificationId)),
      plainArray(work.map(({ leaseToken }) => leaseToken)),
    ]);
    this.wakeUp.announceDueWork();
  }

  /** Milliseconds until the next work falls due (negative if it is due already); null if none waits for a time. */
  async nextDueInMs(): Promise<number | null> {
    const [row] = await this.database.run<{ inMs: string | null }>(NEXT_DUE);
    return row?.inMs == null ? null : Number(row.inMs);
  }

  /** Records that the provider accepted an attempt. */
  settleAccepted(attempt: AcceptedAttempt): Promise<SettleOutcome> {
    return this.accepted.add(attempt);
  }

  /** Records work that was not accepted, with the next step. */
  settleUnsuccessful(result: UnsuccessfulWork): Promise<SettleOutcome> {
    return this.unsuccessful.add(result);
  }

  /**
   * Makes reconciled work the next attempt, a possible duplicate: the earlier one may have been accepted after all.
   * @param reason a sentence for the history: what was asked and what was found
   * @returns the new attempt; null if the lease has moved on.
   */
  async beginResend(work: Work, reason: string): Promise<Work | null> {
    const [attempt] = await this.database.run<Pick<Work, 'attemptId' | 'attemptStartedAt' | 'attemptNumber'>>(
      BEGIN_RESEND,
      [work.notificationId, work.leaseToken, this.configuration.env.LEASE_MS, reason],
    );
    return attempt ? { ...work, ...attempt, stage: 'send', possibleDuplicate: true, lookups: 0 } : null;
  }

  /** Takes back work whose lease has expired, one page at a time. @returns how many rows. */
  async rescue(page = 100): Promise<number> {
    const rows = await this.database.run<{ notificationId: string; orphaned: boolean }>(RESCUE, [
      page,
      this.configuration.env.RETRY_MAX,
    ]);
    const orphans = rows.filter(({ orphaned }) => orphaned).map(({ notificationId }) => notificationId);
    if (orphans.length > 0) this.log.warn({ notificationIds: orphans }, 'work without a notification was removed');
    const rescued = rows.length - orphans.length;
    if (rescued > 0) this.wakeUp.announceDueWork();
    for (const listener of this.listeners) listener(rescued);
    return rescued;
  }

  /** Ends work whose expiresAt has passed, one page at a time; see {@link endExpired}. */
  expire(page: number, except: readonly string[] = []): Promise<ExpiredWork[]> {
    return this.database.transaction((transaction) => endExpired(transaction, page, except));
  }

  /** @returns false if something was sent already, or may have been. */
  async cancel(notificationId: string): Promise<boolean> {
    return (await this.database.run(CANCEL, [notificationId])).length > 0;
  }

  /**
   * Releases work that a circuit held, in priority order, until `most` rows that it released wait to be sent.
   * @returns how many rows were missing, and how many of those the circuit could release
   */
  async topUpReleased(heldBy: string, most: number): Promise<{ missing: number; released: number }> {
    const [row] = await this.database.run<{ missing: number; released: number }>(TOP_UP_RELEASED, [heldBy, most]);
    if (!row) throw new Error('The statement that lets work out always answers');
    if (row.released > 0) this.wakeUp.announceDueWork();
    return row;
  }

  /** Releases work that a pace held, at most `limit` rows in priority order. */
  async release(heldBy: string, limit: number): Promise<readonly ReleasedWork[]> {
    const rows = await this.database.run<ReleasedWork>(RELEASE_HELD, [heldBy, limit]);
    if (rows.length > 0) this.wakeUp.announceDueWork();
    return rows;
  }

  /** Lets one held row pass its open circuit, if possible one that needs no look-up; null if none is held. */
  async releaseProbe(heldBy: string): Promise<ReleasedWork | null> {
    for (const alsoUnknown of [false, true]) {
      const [probe] = await this.database.run<ReleasedWork>(RELEASE_PROBE, [heldBy, alsoUnknown]);
      if (!probe) continue;
      this.wakeUp.announceDueWork();
      return probe;
    }
    return null;
  }

  /** The circuits and paces that hold anything, by id. */
  async holders(): Promise<ReadonlySet<string>> {
    return new Set((await this.database.run<{ heldBy: string }>(HOLDERS)).map((row) => row.heldBy));
  }

  /** How much work each circuit or pace holds, by its id. */
  async heldCounts(): Promise<Map<string, number>> {
    const rows = await this.database.run<{ heldBy: string; count: number }>(COUNT_HELD);
    return new Map(rows.map((row) => [row.heldBy, row.count]));
  }

  /** Starts another delivery in the caller's transaction. @returns false if the notification may not be queued. */
  async startDelivery(
    transaction: Transaction,
    delivery: {
      readonly notificationId: string;
      readonly category: Category;
      readonly channel: Channel;
      readonly sender: string;
      readonly changes: DeliveryChanges | null;
    },
  ): Promise<boolean> {
    const started = await transaction.run(START_DELIVERY, [
      delivery.notificationId,
      newId(),
      delivery.channel,
      delivery.sender,
      delivery.changes && JSON.stringify(delivery.changes),
      PRIORITY[delivery.category],
      this.codesThatMayHaveArrived,
    ]);
    if (started.length > 0) transaction.afterCommit(() => this.wakeUp.announceDueWork());
    return started.length > 0;
  }

  /** Takes deliveries that were not delivered in time, at most `limit`, away from all other workers for a while. */
  takeOverdue(limit: number): Promise<TakenDelivery[]> {
    return this.database.run<TakenDelivery & object>(TAKE_OVERDUE, [limit, TAKEN_FOR_MS]);
  }

  /** Locks an overdue delivery in the caller's transaction; null if this worker does not watch it any more. */
  async lockOverdue(transaction: Transaction, taken: TakenDelivery): Promise<OverdueDelivery | null> {
    const values = [taken.notificationId, taken.takenUntil];
    const [overdue] = await transaction.run<OverdueDelivery>(LOCK_OVERDUE_DELIVERY, values);
    return overdue ?? null;
  }

  async stopWatching(transaction: Transaction, notificationId: string): Promise<void> {
    await transaction.run(STOP_WATCHING, [notificationId]);
  }

  /** Due work per priority, in the order of {@link PRIORITY}. */
  backlog(): Promise<{ priority: number; depth: number; oldestSeconds: number }[]> {
    return this.database.run(BACKLOG);
  }

  /** Resolves when every result handed in so far is on disk. */
  async settled(): Promise<void> {
    await Promise.all([this.accepted.settled(), this.unsuccessful.settled()]);
  }

  private async storeUnsuccessful(group: readonly UnsuccessfulWork[]): Promise<readonly SettleOutcome[]> {
    const outcomes = await settleUnsuccessful(this.database, group, this.configuration.env.INCIDENT_WINDOW_MS);
    // Work that waits or falls back is due again, now or at a time that the dispatcher should know.
    this.wakeUp.wakeHere();
    return outcomes;
  }
}
