import type { DataSource } from 'typeorm';
import { Callback } from '../callbacks/callback.entity.js';
import type { Statement } from '../database/database.js';
import { type FromJson, JsonRows } from '../database/json-rows.js';
import { DeadLetter } from '../dead-letters/dead-letter.entity.js';
import { FailureRecord } from '../failures/failure.entity.js';
import { Attempt } from './attempt.entity.js';
import { Delivery } from './delivery.entity.js';
import { Notification } from './notification.entity.js';
import { outboxTraces, type OutboxTrace } from './outbox.trace.js';

/** The rows of one notification; each list is oldest first. */
export interface NotificationRows {
  readonly notification: Notification;
  readonly deliveries: readonly Delivery[];
  readonly attempts: readonly Attempt[];
  readonly failures: readonly FailureRecord[];
  readonly callbacks: readonly Callback[];
  /** The latest dead letter. */
  readonly deadLetter: DeadLetter | null;
  readonly trace: OutboxTrace | null;
}

/** The statement's row. */
export type FoundNotification = RowsJson & (OutboxTrace | { readonly notificationId: null });

interface RowsJson {
  readonly notification: FromJson<Notification>;
  readonly deliveries: readonly FromJson<Delivery>[];
  readonly attempts: readonly FromJson<Attempt>[];
  readonly failures: readonly FromJson<FailureRecord>[];
  readonly callbacks: readonly FromJson<Callback>[];
  readonly deadLetter: FromJson<DeadLetter> | null;
}

/**
 * Reads notification $1, if it is client $2's or $2 is null, with all that belongs to it. Callers ask for it again and
 * again until it is delivered, so this is one statement: by TypeORM, which takes one for each table and a transaction
 * around them to see them as of one moment, it costs the process and the database several times as much.
 */
export class NotificationHistoryStatement {
  readonly statement: Statement;
  private readonly notification: JsonRows<Notification>;
  private readonly delivery: JsonRows<Delivery>;
  private readonly attempt: JsonRows<Attempt>;
  private readonly failure: JsonRows<FailureRecord>;
  private readonly callback: JsonRows<Callback>;
  private readonly deadLetter: JsonRows<DeadLetter>;

  constructor(dataSource: DataSource) {
    this.notification = new JsonRows(dataSource, Notification);
    this.delivery = new JsonRows(dataSource, Delivery);
    this.attempt = new JsonRows(dataSource, Attempt);
    this.failure = new JsonRows(dataSource, FailureRecord);
    this.callback = new JsonRows(dataSource, Callback);
    this.deadLetter = new JsonRows(dataSource, DeadLetter);
    const all = (rows: { of(alias: string): string }, table: string, order: string) =>
      `(SELECT coalesce(json_agg(${rows.of('r')} ORDER BY ${order}), '[]') FROM ${table} r WHERE r.notification_id = n.id)`;
    this.statement = {
      name: 'notifications-history',
      text: `
        SELECT ${this.notification.of('n')} AS notification,
          ${all(this.delivery, 'deliveries', 'r.number')} AS deliveries,
          ${all(this.attempt, 'attempts', 'r.started_at, r.id')} AS attempts,
          ${all(this.failure, 'failures', 'r.id')} AS failures,
          ${all(this.callback, 'callbacks', 'r.received_at, r.id')} AS callbacks,
          (SELECT ${this.deadLetter.of('r')} FROM dead_letters r WHERE r.notification_id = n.id ORDER BY r.id DESC LIMIT 1)
            AS "deadLetter",
          trace.*
        FROM notifications n LEFT JOIN LATERAL (${outboxTraces('n.id')}) AS trace ON true
        WHERE n.id = $1 AND ($2::uuid IS NULL OR n.client_id = $2)`,
    };
  }

  read({ notification, deliveries, attempts, failures, callbacks, deadLetter, ...trace }: FoundNotification) {
    return {
      notification: this.notification.read(notification),
      deliveries: deliveries.map((row) => this.delivery.read(row)),
      attempts: attempts.map((row) => this.attempt.read(row)),
      failures: failures.map((row) => this.failure.read(row)),
      callbacks: callbacks.map((row) => this.callback.read(row)),
      deadLetter: deadLetter && this.deadLetter.read(deadLetter),
      trace: trace.notificationId === null ? null : trace,
    } satisfies NotificationRows;
  }
}
