import { Inject, Injectable } from '@nestjs/common';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { DatabaseClock } from '../database/database.clock.js';
import { inTheWay, waitingPlace, type Blocking } from '../incidents/circuit.passage.js';
import { Circuits } from '../incidents/circuits.js';
import { Outbox } from '../outbox/outbox.js';
import type { Decision, UnsuccessfulWork, Work } from '../outbox/work.js';
import type { Failure } from '../policy/failure.js';
import type { NextStep } from '../policy/next-step.js';
import type { RetryPolicy } from '../policy/retry.policy.js';
import type { Judgement } from '../reconciliation/judgement.js';
import { Reconciler, type Finding } from '../reconciliation/reconciler.js';
import type { CodeTable } from '../twilio/classification.js';
import { ERROR_CODE_TABLE } from '../twilio/error-codes/error-code-table.js';
import { afterAbsence, afterAmbiguity, afterNoAnswer, afterRefusal } from './after-reconciliation.js';
import { FallbackService } from '../channels/fallback.service.js';
import { Journal } from './journal.js';
import { leaseTime, type LeaseTime } from './lease.time.js';
import { endShown } from './end-shown.js';
import { held } from './obstacle.js';
import { originalFailure } from './original-failure.js';
import { Recorder } from './recorder.js';

/**
 * What a question leads to: `send` the next attempt now, `give_back` work that can no longer begin here, or `nothing`
 * more to do here, since any next step is on its way to disk.
 */
export type Reconciled = { readonly next: 'send' | 'give_back'; readonly work: Work } | { readonly next: 'nothing' };

const NOTHING = { next: 'nothing' } as const satisfies Reconciled;

/** For work whose last attempt is unknown: asks, decides, and says whether another attempt may start now. */
@Injectable()
export class ReconcileRunner {
  private readonly lease: LeaseTime;
  private readonly retryPolicy: RetryPolicy;

  constructor(
    private readonly reconciler: Reconciler,
    private readonly outbox: Outbox,
    private readonly circuits: Circuits,
    private readonly fallback: FallbackService,
    private readonly recorder: Recorder,
    private readonly journal: Journal,
    private readonly clock: DatabaseClock,
    @Inject(ERROR_CODE_TABLE) private readonly codes: CodeTable,
    @Inject(CONFIGURATION) { env, retryPolicy }: Configuration,
  ) {
    this.lease = leaseTime(env.LEASE_MS, env.TWILIO_TIMEOUT_MS);
    this.retryPolicy = retryPolicy;
  }

  /**
   * @param leasedAt on this process's monotonic clock, in milliseconds
   * @param stopping ends the look-up, and nothing is sent again
   */
  async run(work: Work, leasedAt: number, stopping: AbortSignal): Promise<Reconciled> {
    const standing = this.circuits.blocking(work);
    const lost = endless(work, this.retryPolicy);
    const known = standing || lost ? await this.reconciler.known(work) : null;
    if (standing && !known) {
      // Asking is a request too: an open circuit lets only its probe ask. What has reached us needs no request.
      this.hold(work, standing, questionWaits(standing));
      return NOTHING;
    }
    if (lost && !known) {
      this.waitOrEnd(work, NEVER_ENDED);
      return NOTHING;
    }
    const finding = known ?? (await this.ask(work, leasedAt, stopping));
    const { judgement } = finding;
    // Broken off by the shutdown, not by the provider: another process asks again, which costs no retry.
    if (stopping.aborted && judgement.kind === 'unanswered') return { next: 'give_back', work };
    this.journal.reconciled(work, judgement);
    switch (judgement.kind) {
      case 'accepted':
        this.adopt(work, judgement);
        return NOTHING;
      case 'absent':
        return this.resendOrEnd(work, finding, stopping);
      case 'rejected':
      case 'ambiguous':
      case 'unanswered':
        this.waitOrEnd(work, finding);
        return NOTHING;
    }
  }

  private ask(work: Work, leasedAt: number, stopping: AbortSignal): Promise<Finding> {
    this.circuits.onDeparture(work);
    const leftMs = Math.ceil(leasedAt + this.lease.lookUpWithinMs - performance.now());
    const inTime = AbortSignal.timeout(Math.max(0, leftMs));
    return this.reconciler.find(work, AbortSignal.any([stopping, inTime]));
  }

  private adopt(work: Work, found: Judgement & { kind: 'accepted' }): void {
    if (found.source === 'list') this.circuits.onAccepted(work);
    const more =
      found.duplicates > 0 ? ` ${found.duplicates} more of it were accepted: the recipient may get it again.` : '';
    const attempt = {
      work,
      startedAt: work.attemptStartedAt,
      durationMs: 0,
      httpStatus: null,
      providerSid: found.sid,
      providerRequestId: null,
    };
    const decision: Decision = {
      rule: 'reconciliation',
      sentence: `The attempt was accepted after all: ${found.because}. Nothing is sent again.${more}`,
    };
    this.recorder.adopted(attempt, decision, found.record && endShown(work, found.record));
  }

  private async resendOrEnd(work: Work, finding: Finding, stopping: AbortSignal): Promise<Reconciled> {
    const failure = originalFailure(finding.original, this.codes);
    const { because } = finding.judgement;
    const decision = afterAbsence(work, failure, because, this.fallback.remaining(work), this.clock.now());
    if (decision.kind === 'resend') {
      const waits = this.waitsUnsent(work, because);
      return waits ? NOTHING : this.resend(work, decision.sentence, stopping);
    }
    this.end(work, failure, decision.step, finding);
    return NOTHING;
  }

  /** While a circuit or pace holds it, the message may still appear: after its release it is asked again, not sent. */
  private waitsUnsent(work: Work, because: string): boolean {
    const standing = this.circuits.blocking({ ...work, stage: 'send' });
    if (!standing) return false;
    const waits = `${inTheWay(standing)}: it waits ${waitingPlace(standing)}, and is asked again before it is sent.`;
    this.hold(work, standing, `Asked whether it was accepted: ${because}. ${waits}`);
    return true;
  }

  /** The statement renews the lease as of its own start: if it had to wait, the lease may be over when it answers. */
  private async resend(work: Work, sentence: string, stopping: AbortSignal): Promise<Reconciled> {
    if (stopping.aborted) return { next: 'give_back', work };
    const leasedAt = performance.now();
    const attempt = await this.outbox.beginResend(work, sentence);
    if (!attempt) return NOTHING;
    const tooLate = stopping.aborted || performance.now() - leasedAt > this.lease.beginWithinMs;
    return { next: tooLate ? 'give_back' : 'send', work: attempt };
  }

  private waitOrEnd(work: Work, finding: Finding): void {
    if (finding.lookupFailure) {
      const circuit = this.circuits.onFailure(work, finding.lookupFailure);
      if (circuit) {
        const { because } = finding.judgement;
        return this.hold(work, circuit, `Asked whether it was accepted: ${because}. ${questionWaits(circuit)}`);
      }
    }
    const failure = originalFailure(finding.original, this.codes);
    this.end(work, failure, this.stepAfter(work, failure, finding), finding);
  }

  private stepAfter(work: Work, failure: Failure, finding: Finding): NextStep {
    const { kind, because } = finding.judgement;
    const clock = { now: this.clock.now(), random: Math.random() };
    if (kind === 'ambiguous') return afterAmbiguity(work, because, clock);
    const fallbacks = this.fallback.remaining(work);
    if (kind === 'rejected') return afterRefusal(work, failure, fallbacks, this.retryPolicy, clock);
    return afterNoAnswer(work, failure, finding, fallbacks, this.retryPolicy, clock);
  }

  private end(work: Work, failure: Failure, step: NextStep, finding: Finding): void {
    const { kind, because } = finding.judgement;
    const result: UnsuccessfulWork = {
      work,
      attempt: null,
      failure,
      step,
      lookups: work.lookups + (kind === 'ambiguous' ? 1 : 0),
      decision: {
        rule: 'reconciliation',
        sentence: `Asked whether it was accepted: ${withReason(because, step.reason)}${step.kind === 'dead_letter' ? '; it goes to the review queue' : ''}.`,
      },
    };
    this.recorder.unsuccessful(this.fallback.prepared(result));
  }

  private hold(work: Work, blocking: Blocking, reason: string): void {
    this.recorder.unsuccessful(held(work, blocking, reason));
  }
}

function questionWaits(blocking: Blocking): string {
  return `${inTheWay(blocking)}: the question waits there.`;
}

/** Most decisions include what was found in their reason. */
function withReason(because: string, reason: string): string {
  return reason.startsWith(because) ? reason : `${because}; ${reason}`;
}

/** Look-ups allowed beyond the last retry, all of whose leases ran out: asking may kill the process, say. */
const LOST_LOOKUPS = 3;

const NEVER_ENDED: Finding = {
  judgement: { kind: 'unanswered', because: 'no look-up at the provider came to its end' },
  original: null,
  lookupFailure: null,
};

/** Only leases that ran out bring it this far (RESCUE counts them); every other end of a look-up decides what follows. */
function endless({ exhausted, retries }: Work, { max }: RetryPolicy): boolean {
  return exhausted && retries > max + LOST_LOOKUPS;
}
