import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { PageQuery, pageOf } from '../http/pagination.js';
import { LONGEST_NOTE, OptionalText } from '../validation/field.rules.js';
import type { Alert, AlertDelivery } from './alert.entity.js';
import { ALERT_KINDS, SEVERITIES, type AlertKind, type Severity } from './alert.kinds.js';
import { SINK_NAMES, type SinkName } from './sinks/sink.js';

export const ALERT_STATES = ['open', 'resolved'] as const;
export type AlertState = (typeof ALERT_STATES)[number];

/** `parked`: given up after a day, until it is resolved or the service starts again. */
export const NEWS_STATES = ['pending', 'failing', 'delivered', 'parked'] as const;
export type NewsState = (typeof NEWS_STATES)[number];

export class AlertsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: ALERT_STATES })
  @IsOptional()
  @IsIn(ALERT_STATES)
  state?: AlertState;

  @ApiPropertyOptional({ enum: SEVERITIES })
  @IsOptional()
  @IsIn(SEVERITIES)
  severity?: Severity;

  @ApiPropertyOptional({ enum: ALERT_KINDS })
  @IsOptional()
  @IsIn(ALERT_KINDS)
  kind?: AlertKind;
}

export class TestAlertDto {
  @ApiPropertyOptional({ enum: SEVERITIES, default: 'critical' })
  @IsOptional()
  @IsIn(SEVERITIES)
  severity?: Severity | null;

  @OptionalText(LONGEST_NOTE, { description: 'Kept in the audit log.' })
  note?: string | null;
}

export class AlertDeliveryDto {
  @ApiProperty({ enum: SINK_NAMES })
  sink: SinkName;

  @ApiProperty({ enum: NEWS_STATES, description: 'parked: given up after a day of failures.' })
  state: NewsState;

  @ApiProperty({ enum: ['opened', 'resolved'], nullable: true, description: 'The last thing it took.' })
  told: 'opened' | 'resolved' | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  toldAt: string | null;

  @ApiProperty({ type: 'integer' })
  attempts: number;

  @ApiProperty({ type: String, nullable: true, description: 'Why it did not take the news when it was last asked.' })
  lastError: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'When a failing one is asked again.' })
  retryAt: string | null;
}

export class AlertDto {
  @ApiProperty({ type: String, format: 'uuid' })
  id: string;

  @ApiProperty({ enum: ALERT_STATES })
  state: AlertState;

  @ApiProperty({ enum: ALERT_KINDS })
  kind: AlertKind;

  @ApiProperty({ enum: SEVERITIES })
  severity: Severity;

  @ApiProperty({ type: String, description: 'What it is about: one alert is open per cause.' })
  cause: string;

  @ApiProperty({ type: String, description: 'What happened.' })
  summary: string;

  @ApiProperty({ type: String, description: 'What to do.' })
  advice: string;

  @ApiProperty({ type: 'integer', description: 'How many failures or sends it stands for.' })
  count: number;

  @ApiProperty({ type: 'object', additionalProperties: true, description: 'Codes and ids, of the latest occurrence.' })
  facts: object;

  @ApiProperty({ type: String, format: 'date-time' })
  openedAt: string;

  @ApiProperty({ type: String, format: 'date-time' })
  lastSeenAt: string;

  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  resolvedAt: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Why it is over.' })
  ending: string | null;

  @ApiProperty({ type: [AlertDeliveryDto], description: 'What each sink was told.' })
  deliveries: AlertDeliveryDto[];
}

export const AlertPage = pageOf(AlertDto);

export function toAlertDto(alert: Alert): AlertDto {
  const { id, kind, severity, cause, summary, advice, count, facts, ending, resolvedAt } = alert;
  return {
    id,
    state: resolvedAt === null ? 'open' : 'resolved',
    kind,
    severity,
    cause,
    summary,
    advice,
    count,
    facts,
    openedAt: alert.openedAt.toISOString(),
    lastSeenAt: alert.lastSeenAt.toISOString(),
    updatedAt: alert.updatedAt.toISOString(),
    resolvedAt: resolvedAt?.toISOString() ?? null,
    ending,
    deliveries: alert.deliveries
      .toSorted((a, b) => SINK_NAMES.indexOf(a.sink) - SINK_NAMES.indexOf(b.sink))
      .map((delivery) => toDeliveryDto(delivery, resolvedAt !== null)),
  };
}

function toDeliveryDto(delivery: AlertDelivery, over: boolean): AlertDeliveryDto {
  const { sink, told, toldAt, attempts, lastError, dueAt } = delivery;
  const state = newsState(delivery, over);
  return {
    sink,
    state,
    told,
    toldAt: toldAt?.toISOString() ?? null,
    attempts,
    lastError,
    retryAt: state === 'failing' ? dueAt.toISOString() : null,
  };
}

/** A count that has changed and waits to be told does not make the news pending. */
function newsState({ told, failures, parkedAt }: AlertDelivery, over: boolean): NewsState {
  if (parkedAt !== null) return 'parked';
  if (failures > 0) return 'failing';
  return told === (over ? 'resolved' : 'opened') ? 'delivered' : 'pending';
}
