import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { DeliveryChanges } from '../outbox/work.js';
import type { NotificationStatus } from '../policy/transitions.js';
import type { Channel } from '../policy/vocabulary.js';

/** A notification's run on one channel. Its id is the Idempotency-Key of all its attempts. */
@Entity({ name: 'deliveries' })
export class Delivery {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ type: 'uuid', name: 'notification_id' })
  notificationId: string;

  /** 1-based within the notification. */
  @Column({ type: 'smallint' })
  number: number;

  @Column({ type: 'text' })
  channel: Channel;

  @Column({ type: 'text' })
  status: NotificationStatus;

  /** Number or Messaging Service sid, without `whatsapp:`. */
  @Column({ type: 'text' })
  sender: string;

  @Column({ type: 'text', name: 'provider_sid', nullable: true })
  providerSid: string | null;

  /** What a human corrected for this delivery; null if nothing. */
  @Column({ type: 'json', nullable: true })
  changes: DeliveryChanges | null;

  @Column({ type: 'timestamptz', name: 'started_at', nullable: true })
  startedAt: Date | null;

  @Column({ type: 'timestamptz', name: 'ended_at', nullable: true })
  endedAt: Date | null;
}
