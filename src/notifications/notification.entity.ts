import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { NotificationContent } from '../channels/content.js';
import type { NotificationStatus } from '../policy/transitions.js';
import type { Category, Channel, OnUnknown } from '../policy/vocabulary.js';

/** A client's request to reach one recipient once. Written by the outbox's statements; read here. */
@Entity({ name: 'notifications' })
export class Notification {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ type: 'uuid', name: 'client_id' })
  clientId: string;

  @Column({ type: 'text' })
  status: NotificationStatus;

  /** E.164. */
  @Column({ type: 'text' })
  recipient: string;

  @Column({ type: 'text', array: true })
  channels: Channel[];

  /** The channel of the current delivery. */
  @Column({ type: 'text' })
  channel: Channel;

  @Column({ type: 'text' })
  category: Category;

  /** Null once BODY_RETENTION_HOURS have passed. */
  @Column({ type: 'json', nullable: true })
  content: NotificationContent | null;

  @Column({ type: 'json' })
  metadata: Record<string, unknown>;

  @Column({ type: 'text', name: 'idempotency_key', nullable: true })
  idempotencyKey: string | null;

  @Column({ type: 'bytea', name: 'request_hash', select: false })
  requestHash: Buffer;

  @Column({ type: 'text', name: 'on_unknown' })
  onUnknown: OnUnknown;

  @Column({ type: 'timestamptz', name: 'send_at', nullable: true })
  sendAt: Date | null;

  @Column({ type: 'timestamptz', name: 'expires_at', nullable: true })
  expiresAt: Date | null;

  @Column({ type: 'integer', name: 'fallback_after_seconds', nullable: true })
  fallbackAfterSeconds: number | null;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at' })
  updatedAt: Date;

  @Column({ type: 'timestamptz', name: 'delivered_at', nullable: true })
  deliveredAt: Date | null;

  @Column({ type: 'timestamptz', name: 'read_at', nullable: true })
  readAt: Date | null;
}
