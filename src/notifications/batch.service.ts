import { Injectable } from '@nestjs/common';
import type { Caller } from '../clients/caller.js';
import { Problem, type ProblemBody } from '../problems/problem.js';
import { problemOfError } from '../problems/problem-of-error.js';
import { ValidationPipe } from '../problems/validation.pipe.js';
import type { BatchDto, BatchResultDto } from './batch.dto.js';
import { BatchItemDto } from './create-notification.dto.js';
import { acceptedStatus } from './notification.view.js';
import { NotificationsService } from './notifications.service.js';

/** Accepts many at once, each on its own: one bad item never refuses the others. */
@Injectable()
export class BatchService {
  private readonly validation = new ValidationPipe();

  constructor(private readonly notifications: NotificationsService) {}

  async accept(items: readonly unknown[], caller: Caller, keyRequired: boolean): Promise<BatchDto> {
    const results = await Promise.all(items.map((item, index) => this.acceptOne(index, item, caller, keyRequired)));
    const accepted = results.filter((result) => 'id' in result).length;
    return { accepted, rejected: results.length - accepted, results };
  }

  private async acceptOne(index: number, item: unknown, caller: Caller, keyRequired: boolean): Promise<BatchResultDto> {
    try {
      const request = this.validation.check(item, BatchItemDto);
      const key = request.idempotencyKey ?? null;
      if (key === null && keyRequired) throw keyMissing();
      // The key is no part of the content: the same notification posted alone under it is a replay.
      const { notification } = await this.notifications.store(request, withoutKey(item), caller, key);
      return { index, id: notification.id, status: acceptedStatus(notification) };
    } catch (error) {
      return { index, error: bodyOf(error) };
    }
  }
}

function keyMissing(): Problem {
  return new Problem('idempotency-key-required', { detail: 'Give each notification an idempotencyKey of its own.' });
}

function withoutKey(item: unknown): object {
  const { idempotencyKey: _, ...content }: { idempotencyKey?: unknown } = Object(item);
  return content;
}

/** @throws what is no refusal of this item but a fault that concerns the whole request. */
function bodyOf(error: unknown): ProblemBody {
  const problem = error instanceof Problem ? error : problemOfError(error);
  if (!problem || (problem.getStatus() >= 500 && problem.slug !== 'overloaded')) throw error;
  return problem.toBody();
}
