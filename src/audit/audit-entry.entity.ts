import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Who did what, when, from which state to which. Written once, never changed. */
@Entity({ name: 'audit_log' })
export class AuditEntry {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ type: 'timestamptz' })
  at: Date;

  /** `<client>/<key>` of the caller; for the service itself `system`, mostly followed by the part that acted. */
  @Column({ type: 'text' })
  actor: string;

  /** What was done to the subject: see audited.ts. */
  @Column({ type: 'text' })
  action: string;

  @Column({ type: 'text', name: 'subject_type' })
  subjectType: string;

  @Column({ type: 'text', name: 'subject_id' })
  subjectId: string;

  @Column({ type: 'json', nullable: true })
  before: unknown;

  @Column({ type: 'json', nullable: true })
  after: unknown;

  @Column({ type: 'text', nullable: true })
  note: string | null;
}
