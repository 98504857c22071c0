import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { Rounds } from '../concurrency/rounds.js';
import { Database } from '../database/database.js';
import { LOGGER } from '../logging/logger.js';
import { faultWithoutWords, loggableError } from '../problems/loggable-error.js';
import { ageInWords, RECEIPT_LOOKS, type ReceiptLook } from './receipt.looks.js';
import { HELD, ReceiptQuestion, type MissingReceipt, type ReceiptAnswer } from './receipt.question.js';
import { ATTEMPTS_TO_LOOK_AT, LEAVE_LOOK, TAKE_LOOK } from './receipt.sql.js';

const ROUND_MS = 60_000;
/** Attempts checked at a time, most of which usually have their receipt. */
const CHUNK = 200;
/** Concurrent questions, from one replica only: few, since sends need the provider and its connections more. */
const AT_ONCE = 4;

/** How many questions of a round got each answer. */
export type ReceiptRound = Readonly<Record<ReceiptAnswer, number>>;

/** Asking for the receipt or recording the answer failed in this service. */
const FAULT = 'fault';

/** `late`: the look was due more than an hour ago. */
type Candidate = MissingReceipt & { readonly missing: boolean; readonly late: boolean };

/**
 * Callbacks get lost if this service is down or cannot be reached. So the provider is asked about accepted attempts
 * whose end was never reported (receipt.looks.ts); otherwise they would stay `sent` for ever, and nobody would learn of
 * a failure. Runs where work is done; one replica at a time works on each look.
 */
@Injectable()
export class MissingReceipts implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly rounds: Rounds;
  /** The attempts at which each look last stopped because of a fault in this service, which may have been temporary. */
  private readonly faults = new Map<ReceiptLook['number'], ReadonlySet<string>>();

  constructor(
    private readonly database: Database,
    private readonly question: ReceiptQuestion,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly log: Logger,
  ) {
    this.rounds = new Rounds(
      () => this.roundInTurn(),
      // Nothing is lost by waiting for the next round.
      (error) =>
        log.warn({ err: loggableError(error) }, 'a round of asking for receipts broke off; the next one goes on'),
      ROUND_MS,
    );
  }

  onApplicationBootstrap(): void {
    const { ROLE, RECEIPT_CHECK_MINUTES } = this.configuration.env;
    if (ROLE !== 'api' && RECEIPT_CHECK_MINUTES > 0) this.rounds.start(ROUND_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.rounds.stop();
  }

  /**
   * Runs every look over the attempts that are old enough; ends early if the provider cannot be asked or this process
   * stops.
   */
  async round(): Promise<ReceiptRound> {
    const answers = { delivered: 0, failed: 0, under_way: 0, gone: 0, unanswered: 0 };
    for (const look of RECEIPT_LOOKS) {
      let more = true;
      while (more && !this.rounds.stopping.aborted) more = await this.goOn(look, answers);
    }
    return answers;
  }

  /** Processes one chunk of a look. @returns whether there may be more and it makes sense to continue now */
  private async goOn(look: ReceiptLook, answers: Record<ReceiptAnswer, number>): Promise<boolean> {
    const minutes = this.configuration.env.RECEIPT_CHECK_MINUTES * look.times;
    const [taken] = await this.database.run<{ lookedTo: string }>(TAKE_LOOK, [look.number, this.leaseSeconds()]);
    if (!taken) return false;
    let { lookedTo } = taken;
    try {
      const values = [lookedTo, minutes, CHUNK, look.at === 'silent'];
      const candidates = await this.database.run<Candidate>(ATTEMPTS_TO_LOOK_AT, values);
      for (let at = 0; at < candidates.length; at += AT_ONCE) {
        const few = candidates.slice(at, at + AT_ONCE);
        const toAsk = few.filter(({ missing }) => missing);
        const heard = await Promise.all(toAsk.map((each) => this.ask(each, ageInWords(minutes))));
        for (const answer of heard) if (answer !== HELD && answer !== FAULT) answers[answer] += 1;
        // If any of these must be asked about again, the next round starts with all of them: better twice than never.
        // But an attempt that is still unanswered when it is late, or that fails twice in a row, is skipped so that it
        // does not block the others; the next look asks about it again.
        const passing = this.passingFaults(
          look,
          toAsk.filter((_, index) => heard[index] === FAULT),
        );
        const askAgain = heard.some(
          (answer, index) => answer === HELD || (answer === 'unanswered' && !toAsk[index]?.late),
        );
        // A question aborted by shutdown says nothing, however late the attempt is.
        if (askAgain || passing || this.rounds.stopping.aborted) return false;
        lookedTo = few.at(-1)?.attemptId ?? lookedTo;
      }
      return candidates.length === CHUNK;
    } finally {
      await this.database.run(LEAVE_LOOK, [look.number, lookedTo]);
    }
  }

  private async ask(candidate: Candidate, waited: string): Promise<ReceiptAnswer | typeof HELD | typeof FAULT> {
    try {
      return await this.question.ask(candidate, waited, this.rounds.stopping);
    } catch (error) {
      const { notificationId, attemptId } = candidate;
      const err = faultWithoutWords(error);
      this.log.error({ err, notificationId, attemptId }, 'a missing receipt could not be asked for or recorded');
      return FAULT;
    }
  }

  /** Whether any of these failed for the first time. */
  private passingFaults({ number }: ReceiptLook, failed: readonly Candidate[]): boolean {
    const before = this.faults.get(number);
    this.faults.set(number, new Set(failed.map(({ attemptId }) => attemptId)));
    return failed.some(({ attemptId }) => !before?.has(attemptId));
  }

  /** Longer than a chunk takes if every question runs into its deadline. */
  private leaseSeconds(): number {
    return 60 + ((CHUNK / AT_ONCE) * this.configuration.twilio.timeoutMs) / 1000;
  }

  private async roundInTurn(): Promise<number> {
    const answers = await this.round();
    const found = answers.delivered + answers.failed;
    if (found > 0) this.log.warn({ ...answers }, 'callbacks did not arrive: the provider was asked and told the end');
    return ROUND_MS;
  }
}
