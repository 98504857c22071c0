import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Channel } from '../policy/vocabulary.js';

/** An outage of the provider, from its detection to its end. At most one is open. */
@Entity({ name: 'incidents' })
export class Incident {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ type: 'timestamptz', name: 'started_at' })
  startedAt: Date;

  @Column({ type: 'timestamptz', name: 'ended_at', nullable: true })
  endedAt: Date | null;

  @Column({ type: 'text', array: true })
  resources: Channel[];

  @Column({ type: 'text' })
  cause: string;

  /** The most notifications held by its circuits at once. */
  @Column({ type: 'integer' })
  held: number;
}
