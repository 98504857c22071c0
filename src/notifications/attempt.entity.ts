import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Outcome } from '../policy/vocabulary.js';

/** One finished provider request of a delivery. A request in flight is in the outbox. */
@Entity({ name: 'attempts' })
export class Attempt {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ type: 'uuid', name: 'notification_id' })
  notificationId: string;

  @Column({ type: 'uuid', name: 'delivery_id' })
  deliveryId: string;

  /** 1-based within the delivery. */
  @Column({ type: 'smallint' })
  number: number;

  @Column({ type: 'timestamptz', name: 'started_at' })
  startedAt: Date;

  @Column({ type: 'integer', name: 'duration_ms', nullable: true })
  durationMs: number | null;

  @Column({ type: 'text' })
  outcome: Outcome;

  @Column({ type: 'smallint', name: 'http_status', nullable: true })
  httpStatus: number | null;

  @Column({ type: 'text', name: 'provider_sid', nullable: true })
  providerSid: string | null;

  @Column({ type: 'text', name: 'provider_request_id', nullable: true })
  providerRequestId: string | null;

  @Column({ type: 'boolean', name: 'possible_duplicate' })
  possibleDuplicate: boolean;
}
