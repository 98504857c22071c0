import { Inject, Injectable } from '@nestjs/common';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { DatabaseClock } from '../database/database.clock.js';
import type { Work } from '../outbox/work.js';
import type { Classification, Failure } from '../policy/failure.js';
import { sameChannelAgain } from '../policy/next-step.js';
import type { OpenCause } from '../policy/vocabulary.js';
import { CircuitBoard } from './circuit.board.js';
import { standsInTheWay, type Blocking, type BlockingCircuit, type Departure } from './circuit.passage.js';
import { CIRCUIT_LIMITS, isLasting, type Circuit, type Refusal } from './circuit.policy.js';
import { CircuitProbe } from './circuit.probe.js';
import { accountScope, isWider, resourceScope, senderScope, type CircuitScope } from './circuit.scope.js';
import { reasonOf, scopeForClients } from './circuit.story.js';
import { CircuitWriter } from './circuit.writer.js';
import { fingerprintOf } from './credentials.fingerprint.js';
import { evidenceOf, probeVerdict, type Evidence } from './evidence.policy.js';
import { Paces } from './paces.js';
import { Probation } from './probation.js';
import { ProviderHealth } from './provider.health.js';
import { RateLimitStreak } from './rate-limit.streak.js';

/** The parts of a failure that a refusal is built from. */
type Refused = Pick<Failure, 'retryAfterMs' | 'providerCode'> & {
  classification: Pick<Classification, 'rule' | 'resetsAfterMs'>;
};

/**
 * Decides whether sends of a scope may go out now. Answers from memory; what it learns reaches every replica within a
 * second.
 */
@Injectable()
export class Circuits {
  private readonly account: CircuitScope;
  private readonly credentials: string;
  private readonly rateLimits = new RateLimitStreak();
  private readonly probation = new Probation();

  constructor(
    private readonly board: CircuitBoard,
    private readonly writer: CircuitWriter,
    private readonly health: ProviderHealth,
    private readonly paces: Paces,
    private readonly probe: CircuitProbe,
    private readonly clock: DatabaseClock,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {
    this.account = accountScope(configuration.twilio.accountSid);
    this.credentials = fingerprintOf(configuration.twilio);
  }

  /**
   * What blocks this send (or, in stage `reconcile`, the look-up about it); null if it may start. Called right before
   * every request: checks the account's circuit, the resource's, the sender's, and the sender's pace.
   */
  blocking(work: Departure): Blocking | null {
    const asksOnly = work.stage === 'reconcile';
    if (!this.board.allClosed) {
      const sender = senderScope(work.channel, work.sender);
      // A sender's problems do not prevent look-ups of its messages.
      const scopes = [this.account, resourceScope(work.channel), ...(asksOnly ? [] : [sender])];
      for (const scope of scopes) {
        const found = this.obstacle(scope, work);
        if (found) return found;
      }
    }
    return asksOnly ? null : this.paces.blocking(work);
  }

  /**
   * Records a probe whose request leaves now, without waiting for the writes.
   * @param isFirst false for the attempt that follows a look-up
   */
  onDeparture(work: Work, isFirst = true): void {
    const probed = work.probe ? this.board.find(work.releasedBy) : undefined;
    if (probed) this.probe.left(probed, work, isFirst);
  }

  /** Records an accepted attempt, or one that a look-up found to have been accepted. */
  onAccepted(work: Work): void {
    if (work.stage === 'send') this.health.count(work.channel, null);
    if (!this.board.allClosed) this.passed(work);
    if (work.probe) this.probed(work, null);
  }

  /**
   * Records a failed request before anything is decided about it. Once this returns, this replica starts nothing more
   * that the failure forbids.
   * @returns the circuit that must hold this work now; null if the policy alone decides
   */
  onFailure(work: Work, failure: Failure): BlockingCircuit | null {
    const { classification } = failure;
    const faultRule = classification.errorClass === 'provider_fault' ? classification.rule : null;
    if (work.stage === 'send') this.health.count(work.channel, faultRule);
    const evidence = evidenceOf(classification);
    if (evidence) this.take(evidence, work, failure);
    if (work.probe) this.probed(work, failure);
    // In all other cases, retries or the fallback come first.
    const waits = evidence?.cause === 'incident' || sameChannelAgain(classification) === 'hold';
    return evidence && waits ? this.describe(this.scopeOf(evidence, work)) : null;
  }

  /** Records what a callback reports. It never counts towards an incident: the request itself succeeded. */
  onReported(
    sent: Pick<Work, 'channel' | 'sender' | 'attemptStartedAt'>,
    classification: Pick<Classification, 'errorClass' | 'scope' | 'rule' | 'resetsAfterMs'>,
    providerCode: number | null,
  ): void {
    const evidence = evidenceOf(classification);
    if (!evidence || evidence.cause === 'incident') return;
    this.take(evidence, { ...sent, stage: 'send' }, { classification, providerCode, retryAfterMs: null });
  }

  /**
   * Whether the database has all that this replica did to what holds work, and so the alert that this calls for.
   * @param holdId of a circuit, an incident or a pace
   */
  isSaved(holdId: string): boolean {
    return this.board.isSaved(holdId);
  }

  private obstacle(scope: CircuitScope, work: Departure): BlockingCircuit | null {
    const known = this.board.lookUp(scope);
    if (!known) return null;
    const releasedBy = work.releasedBy ?? null;
    const origin = this.board.find(releasedBy);
    const comesFromWider = origin !== undefined && isWider(origin.scope, scope);
    const passenger = { probe: work.probe, releasedBy, comesFromWider };
    return standsInTheWay(known.circuit, known.id, passenger, this.credentials) ? this.describe(scope) : null;
  }

  private describe(scope: CircuitScope): BlockingCircuit | null {
    const known = this.board.lookUp(scope);
    if (!known || known.circuit.state === 'closed') return null;
    const { state, cause, reason, incidentId } = known.circuit;
    return {
      holdId: known.id,
      scope: scopeForClients(scope),
      state,
      cause,
      reason,
      incidentId,
      lasting: isLasting(known.circuit),
    };
  }

  private take(
    evidence: Evidence,
    work: Pick<Work, 'channel' | 'sender' | 'stage' | 'attemptStartedAt'>,
    failure: Refused,
  ): void {
    const scope = this.scopeOf(evidence, work);
    const circuit = this.board.get(scope);
    const oneTooMany = evidence.cause === 'rate_limit' && this.rateLimits.note(scope, performance.now());
    const onProbation = circuit.state === 'half_open' && circuit.cause === evidence.cause;
    const relapse = onProbation && (evidence.cause !== 'incident' || this.relapses(scope, circuit, work));
    if (evidence.opens === 'repeated' && !oneTooMany && !relapse) return;
    this.writer.happen(scope, this.refusal(evidence, work, failure, false));
  }

  /** Counts a success towards the recovery from an incident. */
  private passed(work: Work): void {
    const scope = resourceScope(work.channel);
    const { state, changedAt } = this.board.get(scope);
    if (state === 'half_open' && this.beganAt(work) >= changedAt) this.probation.notePassed(scope, changedAt);
  }

  /** A send that began before the circuit half-opened says nothing about the recovery. */
  private relapses(
    scope: CircuitScope,
    { changedAt }: Circuit,
    work: Pick<Work, 'stage' | 'attemptStartedAt'>,
  ): boolean {
    return this.beganAt(work) >= changedAt && this.probation.noteFault(scope, changedAt);
  }

  /** Applies the result of a probe to the circuit it probed. */
  private probed(work: Work, failure: Failure | null): void {
    const probed = this.board.find(work.releasedBy);
    if (!probed || probed.circuit.state !== 'open') return;
    const verdict = probeVerdict(probed.circuit.cause, failure && failure.classification);
    if (verdict === 'passed') this.writer.happen(probed.scope, { kind: 'probe_passed', at: this.beganAt(work) });
    const evidence = failure && evidenceOf(failure.classification);
    if (verdict !== 'failed' || !evidence || !failure) return;
    this.writer.happen(probed.scope, this.refusal(evidence, work, failure, true));
  }

  private refusal(
    { cause }: Evidence,
    work: Pick<Work, 'stage' | 'attemptStartedAt'>,
    failure: Refused,
    probe: boolean,
  ): Refusal {
    return {
      kind: 'refused',
      cause,
      reason: reasonOf(cause, failure.classification.rule),
      providerCode: failure.providerCode,
      at: this.beganAt(work),
      probe,
      retryAfterMs: waitOf(cause, failure),
      credentials: cause === 'authentication' ? this.refusedCredentials() : null,
      incidentId: null,
    };
  }

  /**
   * Null on a replica that sends nothing: it learned of the refusal by callback, and its own credentials may differ.
   */
  private refusedCredentials(): string | null {
    return this.configuration.env.ROLE === 'api' ? null : this.credentials;
  }

  /** A look-up has no start time of its own; since it is short, it began about now. */
  private beganAt(work: Pick<Work, 'stage' | 'attemptStartedAt'>): Date {
    return work.stage === 'send' ? work.attemptStartedAt : this.clock.now();
  }

  private scopeOf({ of }: Evidence, work: Pick<Work, 'channel' | 'sender'>): CircuitScope {
    switch (of) {
      case 'account':
        return this.account;
      case 'resource':
        return resourceScope(work.channel);
      case 'sender':
        return senderScope(work.channel, work.sender);
    }
  }
}

/** The wait that the provider asked for, else the code's reset time if it is a quota; null if there is neither. */
function waitOf(cause: OpenCause, { retryAfterMs, classification }: Refused): number | null {
  if (retryAfterMs !== null) return Math.min(retryAfterMs, CIRCUIT_LIMITS.retryAfterMs);
  return cause === 'quota' ? (classification.resetsAfterMs ?? null) : null;
}
