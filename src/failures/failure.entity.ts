import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { RecordedNextStep } from '../policy/next-step.js';
import type { Channel, ErrorClass, Outcome, ResponsibleParty } from '../policy/vocabulary.js';

/** A failed or unknown attempt, or a failed callback (then `callbackId` is set and the attempt had been accepted). */
@Entity({ name: 'failures' })
export class FailureRecord {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ type: 'timestamptz' })
  at: Date;

  @Column({ type: 'uuid', name: 'attempt_id' })
  attemptId: string;

  @Column({ type: 'uuid', name: 'callback_id', nullable: true })
  callbackId: string | null;

  @Column({ type: 'uuid', name: 'notification_id' })
  notificationId: string;

  @Column({ type: 'uuid', name: 'delivery_id' })
  deliveryId: string;

  @Column({ type: 'uuid', name: 'client_id' })
  clientId: string;

  /** E.164. */
  @Column({ type: 'text' })
  recipient: string;

  @Column({ type: 'text' })
  channel: Channel;

  @Column({ type: 'text' })
  outcome: Outcome;

  @Column({ type: 'smallint', name: 'http_status', nullable: true })
  httpStatus: number | null;

  @Column({ type: 'integer', name: 'provider_code', nullable: true })
  providerCode: number | null;

  @Column({ type: 'text', name: 'provider_message', nullable: true })
  providerMessage: string | null;

  @Column({ type: 'text', name: 'provider_body', nullable: true })
  providerBody: string | null;

  @Column({ type: 'text', name: 'error_class' })
  errorClass: ErrorClass;

  @Column({ type: 'text' })
  responsible: ResponsibleParty;

  /** Which row of which table classified it. */
  @Column({ type: 'text' })
  rule: string;

  @Column({ type: 'json', name: 'next_step' })
  nextStep: RecordedNextStep;
}
