import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { NOTIFICATION_STATUSES, type NotificationStatus } from '../policy/transitions.js';
import { RESOLUTIONS, type Resolution } from '../policy/vocabulary.js';
import { PROBLEM_SLUGS, problemTypeUri } from './problem-types.js';

@ApiSchema({ name: 'FieldError' })
class FieldErrorDto {
  @ApiProperty({ type: String, description: 'JSON pointer into the body, or /name of a query parameter or header.' })
  pointer: string;

  @ApiProperty({ type: String })
  detail: string;
}

/** A response with `application/problem+json`, for the OpenAPI document. */
@ApiSchema({ name: 'Problem', description: 'RFC 9457. `type` tells problems apart; more members may follow.' })
export class ProblemDto {
  @ApiProperty({ enum: PROBLEM_SLUGS.map(problemTypeUri), enumName: 'ProblemType' })
  type: string;

  @ApiProperty({ type: String, description: 'The same on every occurrence of the type.' })
  title: string;

  @ApiProperty({ type: 'integer' })
  status: number;

  @ApiProperty({ type: String, description: 'What happened this time, and what to do.' })
  detail: string;

  @ApiPropertyOptional({
    type: String,
    description: 'The path of the request that met the problem; in a batch, #/notifications/<index> follows.',
  })
  instance?: string;

  @ApiPropertyOptional({ type: [FieldErrorDto], description: 'Every field that needs a correction.' })
  errors?: FieldErrorDto[];

  @ApiPropertyOptional({
    type: String,
    format: 'uuid',
    description: 'Of idempotency-conflict: the notification that the key belongs to.',
  })
  notificationId?: string;

  @ApiPropertyOptional({
    enum: NOTIFICATION_STATUSES,
    description: 'Of a notification that cannot be canceled: what it is by now.',
  })
  notificationStatus?: NotificationStatus;

  @ApiPropertyOptional({ type: String, description: 'If a dead letter cannot be sent again: why, in one word.' })
  reason?: string;

  @ApiPropertyOptional({ type: String, description: 'Of missing-scope: the scope that the key lacks.' })
  scope?: string;

  @ApiPropertyOptional({ enum: RESOLUTIONS, description: 'Of already-resolved: how the dead letter was resolved.' })
  resolution?: Resolution;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Of already-resolved: when.' })
  resolvedAt?: string;

  @ApiPropertyOptional({ type: String, description: 'Of already-resolved: by whom, as in the audit log.' })
  resolvedBy?: string;

  @ApiPropertyOptional({ type: String, description: 'Of internal: what to look for in the log.' })
  requestId?: string;
}
