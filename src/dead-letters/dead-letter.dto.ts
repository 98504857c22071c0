import { ApiProperty } from '@nestjs/swagger';
import { pageOf } from '../http/pagination.js';
import {
  CATEGORIES,
  CHANNELS,
  DEAD_LETTER_STATES,
  ERROR_CLASSES,
  RESOLUTIONS,
  type Category,
  type Channel,
  type DeadLetterState,
  type ErrorClass,
  type Resolution,
} from '../policy/vocabulary.js';
import type { DeadLetter } from './dead-letter.entity.js';

export class DeadLetterDto {
  @ApiProperty({ type: String, format: 'uuid' })
  id: string;

  @ApiProperty({ type: String, format: 'uuid' })
  notificationId: string;

  @ApiProperty({ enum: DEAD_LETTER_STATES })
  state: DeadLetterState;

  @ApiProperty({ enum: ERROR_CLASSES })
  errorClass: ErrorClass;

  @ApiProperty({ type: 'integer', nullable: true })
  httpStatus: number | null;

  @ApiProperty({ type: 'integer', nullable: true })
  providerCode: number | null;

  @ApiProperty({ enum: CHANNELS })
  channel: Channel;

  @ApiProperty({ enum: CATEGORIES })
  category: Category;

  @ApiProperty({ type: String, format: 'uuid' })
  clientId: string;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  incidentId: string | null;

  @ApiProperty({ type: String })
  reason: string;

  @ApiProperty({ type: String, format: 'date-time' })
  openedAt: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  resolvedAt: string | null;

  @ApiProperty({ enum: RESOLUTIONS, nullable: true })
  resolution: Resolution | null;

  @ApiProperty({ type: String, nullable: true })
  resolvedBy: string | null;

  @ApiProperty({ type: String, nullable: true })
  note: string | null;
}

export const DeadLetterPage = pageOf(DeadLetterDto);

export function toDeadLetterDto(deadLetter: DeadLetter): DeadLetterDto {
  return {
    id: deadLetter.id,
    notificationId: deadLetter.notificationId,
    state: deadLetter.state,
    errorClass: deadLetter.errorClass,
    httpStatus: deadLetter.httpStatus,
    providerCode: deadLetter.providerCode,
    channel: deadLetter.channel,
    category: deadLetter.category,
    clientId: deadLetter.clientId,
    incidentId: deadLetter.incidentId,
    reason: deadLetter.reason,
    openedAt: deadLetter.openedAt.toISOString(),
    resolvedAt: deadLetter.resolvedAt?.toISOString() ?? null,
    resolution: deadLetter.resolution,
    resolvedBy: deadLetter.resolvedBy,
    note: deadLetter.note,
  };
}
