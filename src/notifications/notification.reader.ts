import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository, type SelectQueryBuilder } from 'typeorm';
import { Callback } from '../callbacks/callback.entity.js';
import { DeadLetter } from '../dead-letters/dead-letter.entity.js';
import type { Caller } from '../clients/caller.js';
import { Database } from '../database/database.js';
import { FailureRecord } from '../failures/failure.entity.js';
import { cursorId } from '../http/pagination.js';
import { Attempt } from './attempt.entity.js';
import { Delivery } from './delivery.entity.js';
import type { ListNotificationsQuery } from './list-notifications.query.js';
import { Notification } from './notification.entity.js';

/** A notification with everything that happened to it, each list in its own order of time. */
export interface NotificationHistory {
  readonly notification: Notification;
  readonly deliveries: readonly Delivery[];
  readonly attempts: readonly Attempt[];
  readonly failures: readonly FailureRecord[];
  readonly callbacks: readonly Callback[];
  /** The latest. */
  readonly deadLetter: DeadLetter | null;
  readonly nextAttemptAt: Date | null;
}

/** Whose notifications may be seen: one client's, or everybody's for an operator. */
export type Visibility = { readonly clientId: string } | 'every client';

export function visibilityOf({ clientId, scopes }: Caller): Visibility {
  return scopes.has('admin') ? 'every client' : { clientId };
}

const NEXT_ATTEMPTS = {
  name: 'next-attempts',
  text: `
    SELECT notification_id AS "notificationId", due_at AS "dueAt" FROM outbox
    WHERE notification_id = ANY ($1) AND stage <> 'await_delivery' AND lease_token IS NULL AND held_by IS NULL`,
};

/** Reads notifications and their history, through TypeORM. */
@Injectable()
export class NotificationReader {
  constructor(
    @InjectRepository(Notification) private readonly notifications: Repository<Notification>,
    @InjectRepository(Delivery) private readonly deliveries: Repository<Delivery>,
    @InjectRepository(Attempt) private readonly attempts: Repository<Attempt>,
    @InjectRepository(FailureRecord) private readonly failures: Repository<FailureRecord>,
    @InjectRepository(Callback) private readonly callbacks: Repository<Callback>,
    @InjectRepository(DeadLetter) private readonly deadLetters: Repository<DeadLetter>,
    private readonly database: Database,
  ) {}

  /** @returns null where there is none, or it is another client's. */
  async find(id: string, visibility: Visibility): Promise<NotificationHistory | null> {
    const notification = await this.notifications.findOneBy({
      id,
      ...(visibility === 'every client' ? {} : { clientId: visibility.clientId }),
    });
    if (!notification) return null;
    const ofIt = { notificationId: id };
    const [deliveries, attempts, failures, callbacks, deadLetter, next] = await Promise.all([
      this.deliveries.find({ where: ofIt, order: { number: 'ASC' } }),
      this.attempts.find({ where: ofIt, order: { startedAt: 'ASC', id: 'ASC' } }),
      this.failures.find({ where: ofIt, order: { id: 'ASC' } }),
      this.callbacks.find({ where: ofIt, order: { receivedAt: 'ASC', id: 'ASC' } }),
      this.deadLetters.findOne({ where: ofIt, order: { id: 'DESC' } }),
      this.nextAttempts([id]),
    ]);
    return { notification, deliveries, attempts, failures, callbacks, deadLetter, nextAttemptAt: next.get(id) ?? null };
  }

  /** One row more than asked for, where there is another page; newest first. */
  list(query: ListNotificationsQuery, visibility: Visibility): Promise<Notification[]> {
    const select = this.notifications
      .createQueryBuilder('n')
      .orderBy('n.id', 'DESC')
      .take(query.limit + 1);
    if (visibility !== 'every client') select.andWhere('n.client_id = :clientId', { clientId: visibility.clientId });
    narrow(select, query);
    const before = cursorId(query);
    if (before !== null) select.andWhere('n.id < :before', { before });
    return select.getMany();
  }

  /** When the next attempts of these notifications are due; those without one are missing. */
  async nextAttempts(ids: readonly string[]): Promise<Map<string, Date>> {
    const rows = await this.database.run<{ notificationId: string; dueAt: Date }>(NEXT_ATTEMPTS, [ids]);
    return new Map(rows.map((row) => [row.notificationId, row.dueAt]));
  }
}

function narrow(select: SelectQueryBuilder<Notification>, query: ListNotificationsQuery): void {
  const { status, channel, category, to, from, until, metadata } = query;
  if (status) select.andWhere('n.status = :status', { status });
  if (channel) select.andWhere('n.channel = :channel', { channel });
  if (category) select.andWhere('n.category = :category', { category });
  if (to) select.andWhere('n.recipient = :to', { to });
  if (from) select.andWhere('n.created_at >= :from', { from });
  if (until) select.andWhere('n.created_at < :until', { until });
  if (metadata) {
    select.andWhere(`n.metadata::text <> '{}' AND n.metadata::jsonb @> :metadata`, {
      metadata: JSON.stringify(metadata),
    });
  }
}
