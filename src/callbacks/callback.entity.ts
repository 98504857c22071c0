import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A status callback as the provider sent it, kept whole. One (sid, status) counts once. */
@Entity({ name: 'callbacks' })
export class Callback {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ type: 'uuid', name: 'attempt_id' })
  attemptId: string;

  @Column({ type: 'uuid', name: 'notification_id' })
  notificationId: string;

  @Column({ type: 'uuid', name: 'delivery_id' })
  deliveryId: string;

  @Column({ type: 'text', name: 'provider_sid' })
  providerSid: string;

  /** Twilio's own word: queued, sent, delivered, read, failed… */
  @Column({ type: 'text' })
  status: string;

  @Column({ type: 'integer', name: 'error_code', nullable: true })
  errorCode: number | null;

  /** Every parameter, phone numbers included: kept in the database and not shown to anybody. */
  @Column({ type: 'json', select: false })
  params: Record<string, string | string[]>;

  @Column({ type: 'timestamptz', name: 'received_at' })
  receivedAt: Date;
}
