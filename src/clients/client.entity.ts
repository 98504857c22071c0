import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A calling service. It sees only its own notifications. */
@Entity({ name: 'clients' })
export class Client {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ type: 'text', unique: true })
  name: string;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;
}
