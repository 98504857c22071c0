import { ApiProperty } from '@nestjs/swagger';
import { pageOf } from '../http/pagination.js';
import {
  CHANNELS,
  ERROR_CLASSES,
  OUTCOMES,
  RESPONSIBLE_PARTIES,
  type Channel,
  type ErrorClass,
  type Outcome,
  type ResponsibleParty,
} from '../policy/vocabulary.js';
import type { FailureRow } from './failure.sql.js';
import { NextStepDto } from './next-step.dto.js';

/** One line of the failure history: what failed, who is responsible, and what was decided. */
export class FailureDto {
  @ApiProperty({ type: String, format: 'uuid' })
  id: string;

  @ApiProperty({ type: String, format: 'date-time', description: 'When it was recorded.' })
  at: string;

  @ApiProperty({ type: String, format: 'uuid' })
  notificationId: string;

  @ApiProperty({ type: String, format: 'uuid' })
  deliveryId: string;

  @ApiProperty({ type: String, format: 'uuid' })
  attemptId: string;

  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'The callback that reported it, if one did.',
  })
  callbackId: string | null;

  @ApiProperty({ type: String, format: 'uuid' })
  clientId: string;

  @ApiProperty({ enum: CHANNELS })
  channel: Channel;

  @ApiProperty({ type: 'integer', nullable: true, description: 'Of the attempt, 1-based within its delivery.' })
  number: number | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  startedAt: string | null;

  @ApiProperty({ type: 'integer', nullable: true })
  durationMs: number | null;

  @ApiProperty({ enum: OUTCOMES })
  outcome: Outcome;

  @ApiProperty({ type: 'integer', nullable: true })
  httpStatus: number | null;

  @ApiProperty({ type: 'integer', nullable: true })
  providerCode: number | null;

  @ApiProperty({ type: String, nullable: true })
  providerMessage: string | null;

  @ApiProperty({ type: String, nullable: true })
  providerRequestId: string | null;

  @ApiProperty({ enum: ERROR_CLASSES })
  errorClass: ErrorClass;

  @ApiProperty({ enum: RESPONSIBLE_PARTIES })
  responsible: ResponsibleParty;

  @ApiProperty({ type: NextStepDto })
  nextStep: NextStepDto;

  @ApiProperty({ type: Boolean })
  possibleDuplicate: boolean;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'What the provider said, whole; null once it was too old to keep.',
  })
  providerBody: string | null;
}

export const FailurePage = pageOf(FailureDto);

export function toFailureDto(row: FailureRow): FailureDto {
  const { kind, at, channel, reason } = row.nextStep;
  return {
    id: row.id,
    at: row.at.toISOString(),
    notificationId: row.notificationId,
    deliveryId: row.deliveryId,
    attemptId: row.attemptId,
    callbackId: row.callbackId,
    clientId: row.clientId,
    channel: row.channel,
    number: row.number,
    startedAt: row.startedAt?.toISOString() ?? null,
    durationMs: row.durationMs,
    outcome: row.outcome,
    httpStatus: row.httpStatus,
    providerCode: row.providerCode,
    providerMessage: row.providerMessage,
    providerRequestId: row.providerRequestId,
    errorClass: row.errorClass,
    responsible: row.responsible,
    nextStep: { kind, ...(at === undefined ? {} : { at }), ...(channel === undefined ? {} : { channel }), reason },
    possibleDuplicate: row.possibleDuplicate,
    providerBody: row.providerBody,
  };
}
