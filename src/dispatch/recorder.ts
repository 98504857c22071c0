import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { recipientOf } from '../channels/corrected.js';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { Database } from '../database/database.js';
import { DecisionLog } from '../explain/decision.log.js';
import { LOGGER } from '../logging/logger.js';
import { isPassingDatabaseFailure } from '../problems/database-failure.js';
import { adopt, isAdopted } from '../outbox/adoption.js';
import { Outbox } from '../outbox/outbox.js';
import { asOvertaken } from '../outbox/overtaken.js';
import { ReportApplier } from '../callbacks/report.applier.js';
import type { SettleOutcome } from '../outbox/settlement.js';
import type { AcceptedAttempt, Decision, UnsuccessfulWork } from '../outbox/work.js';
import { InFlight } from '../concurrency/in-flight.js';
import { RecipientMemory } from '../recipients/recipient-memory.js';
import { Journal } from './journal.js';
import type { EndShown } from './end-shown.js';
import { lateAnswer } from './late-answer.js';

const FIRST_WAIT_MS = 50;
/** Once the database is back, what is known should be on disk before others take back the leases and ask again. */
const LONGEST_WAIT_MS = 250;

/**
 * Puts results on disk. An outage of the database costs nothing: a write that it failed is repeated until it is back,
 * since nobody else can take the work over meanwhile. A write that fails for another reason is repeated until LEASE_MS
 * after the result came. If the lease ends before, another process rescues the work and asks the provider; what this
 * one still writes answers its question (late-answer.ts, outbox/late-failure.sql.ts).
 */
@Injectable()
export class Recorder {
  private readonly writing = new InFlight();
  private givenUp = false;

  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly decisions: DecisionLog,
    private readonly reports: ReportApplier,
    private readonly memory: RecipientMemory,
    private readonly journal: Journal,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** Results that are not on disk yet. The dispatcher claims no more while there are too many. */
  get pending(): number {
    return this.writing.count;
  }

  accepted(attempt: AcceptedAttempt): void {
    void this.keep(
      attempt,
      () => this.settleAccepted(attempt),
      () => this.journal.accepted(attempt),
    );
  }

  /**
   * A look-up found that an attempt in doubt was accepted.
   * @param decision says how, if this answers the question
   * @param end what has become of it since; null if that is not known
   */
  adopted(attempt: AcceptedAttempt, decision: Decision, end: EndShown | null): void {
    void this.keep(
      attempt,
      () => this.settleAdopted(attempt, decision, end),
      () => this.journal.accepted(attempt),
    );
  }

  unsuccessful(result: UnsuccessfulWork): void {
    void this.keep(
      result,
      () => this.settleUnsuccessful(result),
      (outcome) => this.journal.unsuccessful(outcome === 'overtaken' ? asOvertaken(result) : result),
    );
  }

  /** Resolves when every result handed in so far is on disk, or given up. */
  settled(): Promise<void> {
    return this.writing.none();
  }

  /** Repeats no write from now on: the process ends. */
  giveUp(): void {
    this.givenUp = true;
  }

  /** A late answer is applied like a late callback; writing it again then adds what only an answer knows. */
  private async settleAccepted(attempt: AcceptedAttempt): Promise<SettleOutcome> {
    const outcome = await this.outbox.settleAccepted(attempt);
    if (outcome !== 'late') return outcome;
    await this.reports.apply(lateAnswer(attempt));
    return this.outbox.settleAccepted(attempt);
  }

  /** Written again after a failure, the end that is on disk already is a repetition, which changes nothing. */
  private async settleAdopted(
    attempt: AcceptedAttempt,
    decision: Decision,
    end: EndShown | null,
  ): Promise<SettleOutcome> {
    const outcome = await this.settleFound(attempt, decision);
    if (outcome === 'settled' && end) await this.reports.apply(end.report, end.because);
    return outcome;
  }

  private async settleFound(attempt: AcceptedAttempt, decision: Decision): Promise<SettleOutcome> {
    const outcome = await this.database.transaction(async (transaction) => {
      const adopted = await adopt(transaction, attempt);
      if (adopted === 'settled') await this.decisions.record(transaction, { ...attempt.work, ...decision });
      return adopted;
    });
    if (outcome !== 'late') return outcome;
    return (await isAdopted(this.database, attempt, decision)) ? 'settled' : this.settleAccepted(attempt);
  }

  private async settleUnsuccessful(result: UnsuccessfulWork): Promise<SettleOutcome> {
    const { work, attempt, failure } = result;
    if (attempt && failure) {
      const { classification, providerCode: errorCode } = failure;
      await this.memory.learnFirst({ ...work, recipient: recipientOf(work), errorCode, classification });
    }
    return this.outbox.settleUnsuccessful(result);
  }

  /** The slot of an attempt is free as soon as its answer is read: the next request need not wait for this write. */
  private async keep(
    result: AcceptedAttempt | UnsuccessfulWork,
    write: () => Promise<SettleOutcome>,
    announce: (outcome: SettleOutcome) => void,
  ): Promise<void> {
    this.writing.begin();
    try {
      await this.persist(result, write, announce);
    } catch (error) {
      const { attemptId } = result.work;
      this.log.error({ err: error, attemptId }, 'a result was given up; its lease runs out and it is reconciled');
    }
    this.writing.end();
  }

  private async persist(
    result: AcceptedAttempt | UnsuccessfulWork,
    write: () => Promise<SettleOutcome>,
    announce: (outcome: SettleOutcome) => void,
  ): Promise<void> {
    const giveUpAt = performance.now() + this.configuration.env.LEASE_MS;
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      try {
        const outcome = await write();
        if (outcome === 'stale' || outcome === 'late') this.journal.stale(result);
        else announce(outcome);
        return;
      } catch (error) {
        const inVain = !isPassingDatabaseFailure(error) && performance.now() + wait > giveUpAt;
        if (this.givenUp || inVain) throw error;
        if (wait === FIRST_WAIT_MS) {
          const { attemptId } = result.work;
          this.log.error({ err: error, attemptId }, 'a result could not be recorded yet; trying again until it is');
        }
        await delay(wait);
      }
    }
  }
}
