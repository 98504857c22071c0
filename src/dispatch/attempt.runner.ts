import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { compose, type ProviderRequest } from '../channels/compose.js';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { DatabaseClock } from '../database/database.clock.js';
import type { BlockingCircuit } from '../incidents/circuit.passage.js';
import { Circuits } from '../incidents/circuits.js';
import { LOGGER } from '../logging/logger.js';
import { asOvertaken } from '../outbox/overtaken.js';
import type { AttemptRecord, UnsuccessfulWork, Work } from '../outbox/work.js';
import type { Failure } from '../policy/failure.js';
import { nextStep } from '../policy/next-step.js';
import { UNWRITABLE } from '../policy/unwritable.js';
import { faultWithoutWords } from '../problems/loggable-error.js';
import { ProviderError } from '../twilio/provider.error.js';
import { TwilioClient, type AcceptedRequest } from '../twilio/twilio.client.js';
import { encodeForm } from '../twilio/twilio.requests.js';
import { FallbackService } from '../channels/fallback.service.js';
import { findObstacle } from './obstacle.js';
import type { QueuedWork } from './local.queue.js';
import { ReconcileRunner } from './reconcile.runner.js';
import { Recorder } from './recorder.js';

/** A request as it goes over the wire. */
interface WrittenRequest {
  readonly resource: ProviderRequest['resource'];
  readonly form: string;
}

/**
 * Takes one piece of leased work from start to end: looks up what is unknown, checks for obstacles, sends, and records
 * the result with the decision that follows. Holds no connection or transaction while it asks the provider.
 */
@Injectable()
export class AttemptRunner {
  constructor(
    @Inject(TwilioClient) private readonly twilio: TwilioClient,
    private readonly circuits: Circuits,
    private readonly fallback: FallbackService,
    private readonly reconcile: ReconcileRunner,
    private readonly recorder: Recorder,
    private readonly clock: DatabaseClock,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /**
   * Resolves when the provider has answered; the result is then on its way to disk.
   * @param stopping ends look-ups: from then on nothing new is sent
   * @returns work that can no longer begin and goes back to the outbox; otherwise null.
   */
  async run({ work, leasedAt }: QueuedWork, stopping: AbortSignal): Promise<Work | null> {
    // Without a request, and without asking what became of the last one.
    if (work.over) this.recorder.unsuccessful(asOvertaken({ work, attempt: null, failure: null }));
    else if (work.stage === 'reconcile') return this.findOutFirst(work, leasedAt, stopping);
    else await this.attempt(work);
    return null;
  }

  private async findOutFirst(work: Work, leasedAt: number, stopping: AbortSignal): Promise<Work | null> {
    const reconciled = await this.reconcile.run(work, leasedAt, stopping);
    if (reconciled.next === 'give_back') return reconciled.work;
    if (reconciled.next === 'send') await this.attempt(reconciled.work, false);
    return null;
  }

  private async attempt(work: Work, isFirstRequest = true): Promise<void> {
    const obstacle = findObstacle(work, this.circuits.blocking(work), this.fallback.remaining(work));
    if (obstacle) return this.recorder.unsuccessful(this.fallback.prepared(obstacle));

    // This clock may be a moment behind the database's, but no attempt starts before its lease.
    const startedAt = new Date(Math.max(this.clock.now().getTime(), work.attemptStartedAt.getTime()));
    const start = performance.now();
    const record = () => ({ startedAt, durationMs: Math.round(performance.now() - start) });
    const request = this.write(work, startedAt);
    if (!request) return this.recorder.unsuccessful(this.decide(work, record(), UNWRITABLE, null));
    this.circuits.onDeparture(work, isFirstRequest);
    let answer: AcceptedRequest;
    try {
      answer = await this.twilio.create(request.resource, request.form, work);
    } catch (error) {
      // Anything else is a fault of our own: the lease runs out, and the attempt is reconciled like any unknown one.
      if (!(error instanceof ProviderError)) throw error;
      const circuit = this.circuits.onFailure(work, error.failure);
      return this.recorder.unsuccessful(this.decide(work, record(), error.failure, circuit));
    }
    this.circuits.onAccepted(work);
    this.recorder.accepted({
      work,
      ...record(),
      httpStatus: answer.httpStatus,
      providerSid: answer.sid,
      providerRequestId: answer.requestId,
    });
  }

  /** Null if the request cannot be written: every further try would meet the same fault. */
  private write(work: Work, now: Date): WrittenRequest | null {
    const { publicUrl, env } = this.configuration;
    try {
      const { resource, fields } = compose(work, { publicUrl, callbackOverrides: env.TWILIO_CALLBACK_OVERRIDES, now });
      return { resource, form: encodeForm(fields) };
    } catch (error) {
      const { notificationId, attemptId } = work;
      this.log.error({ err: faultWithoutWords(error), notificationId, attemptId }, 'a request could not be written');
      return null;
    }
  }

  /** The Twilio client has classified the failure; here the policy decides what follows. */
  private decide(
    work: Work,
    attempt: AttemptRecord,
    failure: Failure,
    circuit: BlockingCircuit | null,
  ): UnsuccessfulWork {
    const step = nextStep(
      failure,
      {
        retries: work.retries,
        waitedMs: work.waitedMs,
        fallbacks: this.fallback.remaining(work),
        standstill: circuit && (circuit.cause === 'incident' ? 'the provider has an incident' : circuit.reason),
      },
      this.configuration.retryPolicy,
      { now: this.clock.now(), random: Math.random() },
    );
    return this.fallback.prepared({
      work,
      attempt,
      failure,
      step,
      ...(circuit ? { heldBy: circuit.holdId, incidentId: circuit.incidentId } : {}),
    });
  }
}
