import type { DecisionRule } from '../policy/decision.rules.js';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A recorded decision that is not an attempt's next step. */
@Entity({ name: 'decisions' })
export class DecisionRecord {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ type: 'uuid', name: 'notification_id' })
  notificationId: string;

  @Column({ type: 'uuid', name: 'delivery_id', nullable: true })
  deliveryId: string | null;

  @Column({ type: 'uuid', name: 'attempt_id', nullable: true })
  attemptId: string | null;

  @Column({ type: 'timestamptz' })
  at: Date;

  @Column({ type: 'text' })
  rule: DecisionRule;

  @Column({ type: 'text' })
  sentence: string;
}
