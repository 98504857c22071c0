import { Column, Entity, JoinColumn, ManyToOne, OneToMany, PrimaryColumn } from 'typeorm';
import type { AlertFactSheet } from './alarm.js';
import type { AlertKind, Severity } from './alert.kinds.js';
import type { SinkName } from './sinks/sink.js';

/** What on-call hears of, opened and resolved once; written by the register, read here. */
@Entity({ name: 'alerts' })
export class Alert {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ type: 'text' })
  cause: string;

  @Column({ type: 'text' })
  kind: AlertKind;

  @Column({ type: 'text' })
  severity: Severity;

  @Column({ type: 'text' })
  summary: string;

  @Column({ type: 'text' })
  advice: string;

  /** PostgreSQL's bigint comes as text. */
  @Column({ type: 'bigint', transformer: { from: Number, to: String } })
  count: number;

  @Column({ type: 'json' })
  facts: AlertFactSheet;

  @Column({ type: 'text', nullable: true })
  ending: string | null;

  @Column({ type: 'integer' })
  version: number;

  @Column({ type: 'timestamptz', name: 'opened_at' })
  openedAt: Date;

  @Column({ type: 'timestamptz', name: 'last_seen_at' })
  lastSeenAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at' })
  updatedAt: Date;

  @Column({ type: 'timestamptz', name: 'resolved_at', nullable: true })
  resolvedAt: Date | null;

  @OneToMany(() => AlertDelivery, (delivery) => delivery.alert)
  deliveries: AlertDelivery[];
}

/** What one sink was told of one alert; written by the courier, read here. */
@Entity({ name: 'alert_deliveries' })
export class AlertDelivery {
  @PrimaryColumn({ type: 'uuid', name: 'alert_id' })
  alertId: string;

  @PrimaryColumn({ type: 'text' })
  sink: SinkName;

  @ManyToOne(() => Alert, (alert) => alert.deliveries)
  @JoinColumn({ name: 'alert_id' })
  alert: Alert;

  @Column({ type: 'text', nullable: true })
  told: 'opened' | 'resolved' | null;

  @Column({ type: 'timestamptz', name: 'told_at', nullable: true })
  toldAt: Date | null;

  @Column({ type: 'integer' })
  attempts: number;

  @Column({ type: 'integer' })
  failures: number;

  @Column({ type: 'text', name: 'last_error', nullable: true })
  lastError: string | null;

  @Column({ type: 'timestamptz', name: 'due_at' })
  dueAt: Date;

  @Column({ type: 'timestamptz', name: 'parked_at', nullable: true })
  parkedAt: Date | null;
}
