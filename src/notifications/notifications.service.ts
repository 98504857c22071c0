import { Inject, Injectable } from '@nestjs/common';
import { Senders } from '../channels/senders.js';
import type { Caller } from '../access/caller.js';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { DatabaseClock } from '../database/database.clock.js';
import { EarlierRequests } from '../outbox/earlier-requests.js';
import { NotificationIntake } from '../outbox/notification.intake.js';
import { Outbox } from '../outbox/outbox.js';
import type { EnqueueResult } from '../outbox/work.js';
import type { NotificationStatus } from '../policy/transitions.js';
import { notFound, Problem } from '../problems/problem.js';
import type { CreateNotificationDto } from './create-notification.dto.js';
import { newNotification, requestHash } from './new-notification.js';
import type { NotificationDto } from './notification.dto.js';
import { NotificationReader, type Visibility } from './notification.reader.js';
import { acceptedView, historyView } from './notification.view.js';

export interface Acceptance {
  readonly notification: NotificationDto;
  /** True when the key had been used for the same request before. */
  readonly replayed: boolean;
}

type Stored = Exclude<EnqueueResult, { readonly kind: 'conflict' }>;

/** Accepts, shows and cancels notifications. */
@Injectable()
export class NotificationsService {
  constructor(
    private readonly intake: NotificationIntake,
    private readonly outbox: Outbox,
    private readonly earlierRequests: EarlierRequests,
    private readonly senders: Senders,
    private readonly reader: NotificationReader,
    private readonly clock: DatabaseClock,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  /**
   * Accepts a validated request; resolves after the commit.
   * @param body the request's JSON as received
   * @throws Problem if the request cannot be carried out, or the key was used for another one
   */
  async accept(request: CreateNotificationDto, body: unknown, caller: Caller, key: string | null): Promise<Acceptance> {
    const { kind, notification } = await this.store(request, body, caller, key);
    return { notification: acceptedView(notification), replayed: kind === 'replayed' };
  }

  /** Like {@link accept}, for callers that do not need the full view. */
  async store(request: CreateNotificationDto, body: unknown, caller: Caller, key: string | null): Promise<Stored> {
    const result = await this.enqueue(request, body, caller.clientId, key);
    if (result.kind === 'conflict') {
      throw new Problem('idempotency-conflict', {
        detail: `This key was used for another request, which became notification ${result.id}. Use a new key for a new notification.`,
        extra: { notificationId: result.id },
      });
    }
    return result;
  }

  /**
   * A request that was accepted the first time may be refused when it is repeated. So before refusing one, look for an
   * earlier request with the same key.
   */
  private async enqueue(request: CreateNotificationDto, body: unknown, clientId: string, key: string | null) {
    try {
      return await this.intake.enqueue(this.newNotification(request, body, clientId, key));
    } catch (refusal) {
      if (key === null || !(refusal instanceof Problem)) throw refusal;
      const keyed = { clientId, idempotencyKey: key, requestHash: requestHash(body) };
      const repeated = await this.earlierRequests.find(keyed);
      if (!repeated) throw refusal;
      return repeated;
    }
  }

  private newNotification(request: CreateNotificationDto, body: unknown, clientId: string, key: string | null) {
    return newNotification(request, body, clientId, key, {
      senderOf: (channel) => this.senders.of(channel),
      allowedCountries: this.configuration.env.ALLOWED_COUNTRIES,
      now: this.clock.now(),
    });
  }

  async find(id: string, visibility: Visibility): Promise<NotificationDto> {
    const history = await this.reader.find(id, visibility);
    if (!history) throw notFound('notification');
    return historyView(history);
  }

  /** @throws Problem `already-sent` if an attempt is in flight, unknown or accepted; `conflict` if failed or expired */
  async cancel(id: string, visibility: Visibility): Promise<NotificationDto> {
    const before = await this.find(id, visibility);
    const canceled = before.status === 'canceled' || (await this.outbox.cancel(id));
    const after = await this.find(id, visibility);
    const { status } = after;
    // A concurrent request to cancel may have done it.
    if (canceled || status === 'canceled') return after;
    throw notCancelable(status);
  }
}

function notCancelable(status: NotificationStatus): Problem {
  const extra = { notificationStatus: status };
  if (status === 'failed' || status === 'expired') {
    const end = status === 'failed' ? 'no automatic step is left' : 'it will not be sent';
    return new Problem('conflict', { detail: `There is nothing to cancel: it ${status}, and ${end}.`, extra });
  }
  const isSent = status === 'sent' || status === 'delivered';
  return new Problem('already-sent', {
    detail: isSent
      ? 'This notification is already sent; only one that has not been sent can be canceled.'
      : 'It cannot be canceled now: an attempt is on its way, or an earlier one may have been accepted.',
    extra,
  });
}
