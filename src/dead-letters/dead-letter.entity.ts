import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Category, Channel, DeadLetterState, ErrorClass, Resolution } from '../policy/vocabulary.js';

/** A notification that no automatic step can help; it waits in the review queue until a human resolves it. */
@Entity({ name: 'dead_letters' })
export class DeadLetter {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ type: 'uuid', name: 'notification_id' })
  notificationId: string;

  /** The delivery that failed. */
  @Column({ type: 'uuid', name: 'delivery_id' })
  deliveryId: string;

  @Column({ type: 'uuid', name: 'client_id' })
  clientId: string;

  @Column({ type: 'text' })
  state: DeadLetterState;

  @Column({ type: 'text', name: 'error_class' })
  errorClass: ErrorClass;

  @Column({ type: 'smallint', name: 'http_status', nullable: true })
  httpStatus: number | null;

  @Column({ type: 'integer', name: 'provider_code', nullable: true })
  providerCode: number | null;

  @Column({ type: 'text' })
  channel: Channel;

  @Column({ type: 'text' })
  category: Category;

  @Column({ type: 'uuid', name: 'incident_id', nullable: true })
  incidentId: string | null;

  @Column({ type: 'text' })
  reason: string;

  @Column({ type: 'timestamptz', name: 'opened_at' })
  openedAt: Date;

  @Column({ type: 'timestamptz', name: 'resolved_at', nullable: true })
  resolvedAt: Date | null;

  @Column({ type: 'text', nullable: true })
  resolution: Resolution | null;

  /** The actor, as in the audit log. */
  @Column({ type: 'text', name: 'resolved_by', nullable: true })
  resolvedBy: string | null;

  @Column({ type: 'text', nullable: true })
  note: string | null;
}
