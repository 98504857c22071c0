import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { Rounds } from '../concurrency/rounds.js';
import { Database } from '../database/database.js';
import { LOGGER } from '../logging/logger.js';
import type { Channel } from '../policy/vocabulary.js';
import { faultWithoutWords, loggableError } from '../problems/loggable-error.js';
import { ageInWords, nextStretch, RECEIPT_LOOKS, type LookPosition, type ReceiptLook } from './receipt.looks.js';
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

type Answer = ReceiptAnswer | typeof HELD | typeof FAULT;

/**
 * Callbacks get lost if this service is down or cannot be reached. So the provider is asked about accepted attempts
 * whose end was never reported (receipt.looks.ts); otherwise they would stay `sent` for ever, and nobody would learn of
 * a failure. Runs where work is done; one replica at a time works on each look.
 */
@Injectable()
export class MissingReceipts implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly rounds: Rounds;
  /** The attempts at which each look last stopped because of a fault in this service, which may have been temporary. */
  private readonly faults = new Map<`${ReceiptLook['number']} ${Channel}`, ReadonlySet<string>>();

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
   * Runs every look over the attempts that are old enough. A channel whose provider cannot be asked waits where it is
   * for the next round, without keeping the others waiting. Ends early if this process stops.
   */
  async round(): Promise<ReceiptRound> {
    const answers = { delivered: 0, failed: 0, under_way: 0, gone: 0, unanswered: 0 };
    for (const look of RECEIPT_LOOKS) {
      const waiting = new Set<Channel>();
      let more = true;
      while (more && !this.rounds.stopping.aborted) more = await this.goOn(look, waiting, answers);
    }
    return answers;
  }

  /**
   * Processes one chunk of a look, for the channels that are furthest behind.
   * @param waiting the channels that wait for the next round; more may be added
   * @returns whether there may be more and it makes sense to continue now
   */
  private async goOn(
    look: ReceiptLook,
    waiting: Set<Channel>,
    answers: Record<ReceiptAnswer, number>,
  ): Promise<boolean> {
    const minutes = this.configuration.env.RECEIPT_CHECK_MINUTES * look.times;
    const positions = await this.database.run<LookPosition>(TAKE_LOOK, [look.number, this.leaseSeconds()]);
    if (positions.length === 0) return false;
    const lookedTo = new Map(positions.map((each) => [each.channel, each.lookedTo]));
    try {
      const stretch = nextStretch(positions, waiting);
      if (!stretch) return false;
      const values = [stretch.after, minutes, CHUNK, look.at === 'silent'];
      const candidates = await this.database.run<Candidate>(ATTEMPTS_TO_LOOK_AT, values);
      const within = candidates.filter(({ attemptId }) => stretch.upTo === null || attemptId <= stretch.upTo);
      const going = new Set(stretch.channels);
      for (let at = 0; at < within.length && going.size > 0; at += AT_ONCE) {
        const few = within.slice(at, at + AT_ONCE);
        const toAsk = few.filter(({ missing, channel }) => missing && going.has(channel));
        const heard = await Promise.all(toAsk.map((each) => this.ask(each, ageInWords(minutes))));
        for (const answer of heard) if (answer !== HELD && answer !== FAULT) answers[answer] += 1;
        // A question aborted by shutdown says nothing, however late the attempt is.
        if (this.rounds.stopping.aborted) return false;
        for (const channel of going) {
          if (!this.mustAskAgain(look, channel, toAsk, heard)) continue;
          going.delete(channel);
          waiting.add(channel);
        }
        for (const channel of going) lookedTo.set(channel, few.at(-1)?.attemptId ?? stretch.after);
      }
      if (within.length === CHUNK) return true;
      // All that lies before the channels further ahead is done: from here on, they go together.
      if (stretch.upTo !== null) for (const channel of going) lookedTo.set(channel, stretch.upTo);
      return stretch.upTo !== null;
    } finally {
      await this.database.run(LEAVE_LOOK, [look.number, [...lookedTo.keys()], [...lookedTo.values()]]);
    }
  }

  private async ask(candidate: Candidate, waited: string): Promise<Answer> {
    try {
      return await this.question.ask(candidate, waited, this.rounds.stopping);
    } catch (error) {
      const { notificationId, attemptId } = candidate;
      const err = faultWithoutWords(error);
      this.log.error({ err, notificationId, attemptId }, 'a missing receipt could not be asked for or recorded');
      return FAULT;
    }
  }

  /**
   * Whether any of a channel's attempts must be asked about again: the next round then starts with all of these, better
   * twice than never. But an attempt that is still unanswered when it is late, or that fails twice in a row, is skipped
   * so that it does not block the others; the next look asks about it again.
   */
  private mustAskAgain(
    { number }: ReceiptLook,
    channel: Channel,
    asked: readonly Candidate[],
    heard: readonly Answer[],
  ): boolean {
    const told = asked
      .map((candidate, index) => ({ candidate, answer: heard[index] }))
      .filter(({ candidate }) => candidate.channel === channel);
    const failed = told.filter(({ answer }) => answer === FAULT).map(({ candidate }) => candidate.attemptId);
    const before = this.faults.get(`${number} ${channel}`);
    this.faults.set(`${number} ${channel}`, new Set(failed));
    return (
      failed.some((attemptId) => !before?.has(attemptId)) ||
      told.some(({ candidate, answer }) => answer === HELD || (answer === 'unanswered' && !candidate.late))
    );
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
