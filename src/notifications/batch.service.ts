import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Caller } from '../clients/caller.js';
import { LOGGER } from '../logging/logger.js';
import type { AcceptedNotification } from '../outbox/work.js';
import { loggableError } from '../problems/loggable-error.js';
import { problemOfError } from '../problems/problem-of-error.js';
import { unexpectedProblem } from '../problems/problem.reply.js';
import { Problem } from '../problems/problem.js';
import { ValidationPipe } from '../problems/validation.pipe.js';
import type { BatchDto, BatchResultDto } from './batch.dto.js';
import { BatchItemDto } from './create-notification.dto.js';
import { acceptedStatus } from './notification.view.js';
import { NotificationsService } from './notifications.service.js';

interface BatchRequest {
  /** Of the request that carries the batch, for the log. */
  readonly requestId: string;
  readonly caller: Caller;
  readonly keyRequired: boolean;
}

/** Accepts many at once, each on its own: one bad item never refuses the others, nor hides what became of them. */
@Injectable()
export class BatchService {
  private readonly validation = new ValidationPipe();

  constructor(
    private readonly notifications: NotificationsService,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** @throws Problem `unavailable` where the database could not be reached and nothing was stored. */
  async accept(items: readonly unknown[], batch: BatchRequest): Promise<BatchDto> {
    const outcomes = await Promise.all(items.map((item) => this.acceptOne(item, batch)));
    const accepted = outcomes.filter((outcome) => !(outcome instanceof Problem)).length;
    const away = outcomes.find((outcome) => outcome instanceof Problem && outcome.slug === 'unavailable');
    if (accepted === 0 && away instanceof Problem) throw away;
    this.record(outcomes, batch);
    const results = outcomes.map((outcome, index): BatchResultDto =>
      outcome instanceof Problem
        ? { index, error: outcome.toBody() }
        : { index, id: outcome.id, status: acceptedStatus(outcome) },
    );
    return { accepted, rejected: results.length - accepted, results };
  }

  private async acceptOne(item: unknown, batch: BatchRequest): Promise<AcceptedNotification | Problem> {
    try {
      const request = this.validation.check(item, BatchItemDto);
      const key = request.idempotencyKey ?? null;
      if (key === null && batch.keyRequired) throw keyMissing();
      // The key is no part of the content: the same notification posted alone under it is a replay.
      return (await this.notifications.store(request, withoutKey(item), batch.caller, key)).notification;
    } catch (error) {
      return problemOfError(error) ?? unexpectedProblem(batch.requestId, error);
    }
  }

  /** What nobody expected: one line for the batch, since items that fail at once fail for one reason. */
  private record(outcomes: readonly (AcceptedNotification | Problem)[], { requestId }: BatchRequest): void {
    const causes = new Map<number, unknown>();
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome instanceof Problem && outcome.slug === 'internal') causes.set(index, outcome.cause);
    }
    const [first] = causes.values();
    const context = { requestId, indexes: [...causes.keys()], err: loggableError(first) };
    if (causes.size > 0) this.log.error(context, 'items of a batch failed unexpectedly');
  }
}

function keyMissing(): Problem {
  return new Problem('idempotency-key-required', { detail: 'Give each notification an idempotencyKey of its own.' });
}

function withoutKey(item: unknown): object {
  const { idempotencyKey: _, ...content }: { idempotencyKey?: unknown } = Object(item);
  return content;
}
