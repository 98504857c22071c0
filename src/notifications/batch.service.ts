import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Caller } from '../access/caller.js';
import { LOGGER } from '../logging/logger.js';
import type { AcceptedNotification } from '../outbox/work.js';
import { FailedRequests } from '../problems/failed-requests.js';
import { loggableError } from '../problems/loggable-error.js';
import { problemOfError } from '../problems/problem-of-error.js';
import type { ProblemSlug } from '../problems/problem-types.js';
import { unexpectedProblem } from '../problems/problem.reply.js';
import { Problem } from '../problems/problem.js';
import { ValidationPipe } from '../validation/validation.pipe.js';
import type { BatchDto, BatchResultDto } from './batch.dto.js';
import { BatchItemDto } from './create-notification.dto.js';
import { acceptedStatus } from './notification.view.js';
import { NotificationsService } from './notifications.service.js';

interface BatchRequest {
  /** Id of the request that carries the batch, for the log. */
  readonly requestId: string;
  /** Path of that request, for the problems of its items. */
  readonly path: string;
  readonly caller: Caller;
  /** Key of the whole batch: an item without a key of its own gets `<key>:<index>`. */
  readonly key: string | null;
  readonly keyRequired: boolean;
}

export interface BatchAcceptance {
  readonly batch: BatchDto;
  /** True when every item had been accepted before. */
  readonly replayed: boolean;
  /** The value of Retry-After; null if no item should be sent again. */
  readonly retryAfter: string | null;
}

interface Accepted {
  readonly notification: AcceptedNotification;
  readonly replayed: boolean;
}

/** What became of one item. */
type ItemResult = Accepted | Problem;

/** Problems caused by the service, not by the item: the same item may be accepted a moment later. */
const PASSING: ReadonlySet<ProblemSlug> = new Set(['overloaded', 'unavailable']);

/** Accepts many notifications at once, each on its own: a bad item neither stops the others nor hides their results. */
@Injectable()
export class BatchService {
  private readonly validation = new ValidationPipe();

  constructor(
    private readonly notifications: NotificationsService,
    private readonly failed: FailedRequests,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** @throws Problem `unavailable` or `overloaded` if nothing was stored and an item was refused for this reason */
  async accept(items: readonly unknown[], request: BatchRequest): Promise<BatchAcceptance> {
    const results = await Promise.all(items.map((item, index) => this.acceptOne(item, index, request)));
    const accepted = results.filter((result): result is Accepted => !(result instanceof Problem));
    const refused = results.filter((result) => result instanceof Problem);
    const comeAgain = refused.find(({ slug }) => PASSING.has(slug));
    if (accepted.length === 0 && comeAgain) throw comeAgain;
    this.record(results, request);
    this.failed.note(refused.map(({ slug }) => slug));
    const shown = results.map((result, index) => resultOf(result, index, request.path));
    return {
      batch: { accepted: accepted.length, rejected: refused.length, results: shown },
      replayed: refused.length === 0 && accepted.every(({ replayed }) => replayed),
      retryAfter: comeAgain?.headers['retry-after'] ?? null,
    };
  }

  private async acceptOne(item: unknown, index: number, batch: BatchRequest): Promise<ItemResult> {
    try {
      const request = this.validation.check(item, BatchItemDto);
      const key = request.idempotencyKey ?? (batch.key === null ? null : `${batch.key}:${index}`);
      if (key === null && batch.keyRequired) throw keyMissing();
      // The key is not part of the content: the same notification posted alone under this key is a replay.
      const { kind, notification } = await this.notifications.store(request, withoutKey(item), batch.caller, key);
      return { notification, replayed: kind === 'replayed' };
    } catch (error) {
      return problemOfError(error) ?? unexpectedProblem(batch.requestId, error);
    }
  }

  /** Logs unexpected errors, in one line for the batch, since items that fail together fail for the same reason. */
  private record(results: readonly ItemResult[], { requestId }: BatchRequest): void {
    const causes = new Map<number, unknown>();
    for (const [index, result] of results.entries()) {
      if (result instanceof Problem && result.slug === 'internal') causes.set(index, result.cause);
    }
    if (causes.size === 0) return;
    const [first] = causes.values();
    const context = { requestId, indexes: [...causes.keys()], err: loggableError(first) };
    this.log.error(context, 'items of a batch failed unexpectedly');
  }
}

function resultOf(result: ItemResult, index: number, path: string): BatchResultDto {
  if (result instanceof Problem) return { index, error: result.toBody(`${path}#/notifications/${index}`) };
  const { notification } = result;
  return { index, id: notification.id, status: acceptedStatus(notification) };
}

function keyMissing(): Problem {
  return new Problem('idempotency-key-required', {
    detail: 'Give each notification an idempotencyKey of its own, or send an Idempotency-Key header with the batch.',
  });
}

function withoutKey(item: unknown): object {
  const { idempotencyKey: _, ...content }: { idempotencyKey?: unknown } = Object(item);
  return content;
}
