import { Column, CreateDateColumn, Entity, Index, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm';

@Entity({ name: 'notifications' })
export class Notification {
  @PrimaryGeneratedColumn('uuid')
  id: string;

  @Index({ unique: true })
  @Column({ type: 'text', name: 'idempotency_key' })
  idempotencyKey: string;

  @Column({ type: 'text' })
  recipient: string;

  @Column({ type: 'simple-array' })
  channels: string[];

  @Column({ type: 'text' })
  body: string;

  @Column({ type: 'text', default: 'transactional' })
  category: string;

  @Column({ type: 'jsonb', default: {} })
  metadata: object;

  @Column({ type: 'text', default: 'queued' })
  status: string;

  @Column({ type: 'text', nullable: true })
  sid: string | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @UpdateDateColumn({ type: 'timestamptz', name: 'updated_at' })
  updatedAt: Date;
}
