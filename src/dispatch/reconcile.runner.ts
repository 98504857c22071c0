import { Injectable } from '@nestjs/common';
import { DatabaseClock } from '../database/database.clock.js';
import { DecisionLog } from '../explain/decision.log.js';
import { Database } from '../database/database.js';
import { Circuits } from '../incidents/circuits.js';
import { Outbox } from '../outbox/outbox.js';
import type { UnsuccessfulWork, Work } from '../outbox/work.js';
import type { Failure } from '../policy/failure.js';
import type { NextStep } from '../policy/next-step.js';
import type { RetryPolicy } from '../policy/retry.policy.js';
import type { Judgement } from '../reconciliation/judgement.js';
import { Reconciler, type Finding } from '../reconciliation/reconciler.js';
import { afterAbsence, afterAmbiguity, afterNoAnswer } from './after-reconciliation.js';
import { FallbackService } from '../channels/fallback.service.js';
import { Journal } from './journal.js';
import { originalFailure } from './original-failure.js';
import { Recorder } from './recorder.js';

/** Work whose last attempt has an unknown outcome: asks, decides, and says whether another attempt may start now. */
@Injectable()
export class ReconcileRunner {
  constructor(
    private readonly reconciler: Reconciler,
    private readonly outbox: Outbox,
    private readonly circuits: Circuits,
    private readonly fallback: FallbackService,
    private readonly recorder: Recorder,
    private readonly journal: Journal,
    private readonly decisions: DecisionLog,
    private readonly database: Database,
    private readonly clock: DatabaseClock,
  ) {}

  /** @returns the next attempt, ready to be sent; null when the work waits or ended. */
  async run(work: Work, policy: RetryPolicy): Promise<Work | null> {
    const standing = this.circuits.blocking(work);
    if (standing) {
      // Asking is a request too: an open circuit lets only its probe ask.
      const reason = `The circuit of ${standing.scope} is open (${standing.reason}): the question waits there.`;
      this.hold(work, standing.circuitId, standing.incidentId, reason);
      return null;
    }
    this.circuits.onDeparture(work);
    const finding = await this.reconciler.find(work);
    const { judgement } = finding;
    const duplicates = judgement.kind === 'accepted' ? judgement.duplicates : 0;
    this.journal.reconciled(work, judgement.kind, judgement.because, duplicates);
    switch (judgement.kind) {
      case 'accepted':
        await this.adopt(work, judgement);
        return null;
      case 'absent':
        return this.resolve(work, finding);
      case 'ambiguous':
      case 'unanswered':
        this.waitOrEnd(work, finding, policy);
        return null;
    }
  }

  private async adopt(work: Work, found: Judgement & { kind: 'accepted' }): Promise<void> {
    if (found.source === 'list') this.circuits.onAccepted(work);
    const more =
      found.duplicates > 0 ? ` ${found.duplicates} more of it were accepted: the recipient may get it again.` : '';
    await this.decisions.record(this.database, {
      ...work,
      rule: 'reconciliation',
      sentence: `The attempt was accepted after all: ${found.because}. Nothing is sent again.${more}`,
    });
    this.recorder.accepted({
      work,
      startedAt: work.attemptStartedAt,
      durationMs: 0,
      httpStatus: null,
      providerSid: found.sid,
      providerRequestId: null,
    });
  }

  private async resolve(work: Work, finding: Finding): Promise<Work | null> {
    const failure = originalFailure(finding.original);
    const expired = work.expiresAt !== null && work.expiresAt <= this.clock.now();
    const decision = afterAbsence(work, failure, finding.judgement.because, this.fallback.remaining(work), expired);
    if (decision.kind === 'resend') return this.outbox.beginResend(work, decision.sentence, true);
    this.end(work, failure, decision.step, finding);
    return null;
  }

  private waitOrEnd(work: Work, finding: Finding, policy: RetryPolicy): void {
    const clock = { now: this.clock.now(), random: Math.random() };
    const failure = originalFailure(finding.original);
    const fallbacks = this.fallback.remaining(work);
    if (finding.lookupFailure) {
      const circuit = this.circuits.onFailure(work, finding.lookupFailure);
      if (circuit) return this.hold(work, circuit.circuitId, circuit.incidentId, finding.judgement.because);
    }
    const step =
      finding.judgement.kind === 'ambiguous'
        ? afterAmbiguity(work, finding.judgement.because, clock)
        : afterNoAnswer(work, failure, finding, fallbacks, policy, clock);
    this.end(work, failure, step, finding);
  }

  private end(work: Work, failure: Failure, step: NextStep, finding: Finding): void {
    const result: UnsuccessfulWork = {
      work,
      attempt: null,
      failure,
      step,
      lookups: work.lookups + (finding.judgement.kind === 'ambiguous' ? 1 : 0),
      decision: {
        rule: 'reconciliation',
        sentence: `Asked whether it was accepted: ${withReason(finding.judgement.because, step.reason)}.`,
      },
    };
    this.recorder.unsuccessful(
      step.kind === 'fallback' ? { ...result, fallback: this.fallback.prepare(step.channel) } : result,
    );
  }

  private hold(work: Work, heldBy: string, incidentId: string | null, reason: string): void {
    this.recorder.unsuccessful({
      work,
      attempt: null,
      failure: null,
      step: { kind: 'hold', reason },
      heldBy,
      incidentId,
      decision: { rule: 'circuit', sentence: reason },
    });
  }
}

/** Most decisions give what was found as a part of their reason. */
function withReason(because: string, reason: string): string {
  return reason.startsWith(because) ? reason : `${because}; ${reason}`;
}
