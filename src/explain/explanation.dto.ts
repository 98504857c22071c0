import { ApiProperty } from '@nestjs/swagger';
import { NOTIFICATION_STATUSES, type NotificationStatus } from '../policy/transitions.js';

class ExplainedDecisionDto {
  @ApiProperty({ type: String, format: 'date-time' })
  at: string;

  @ApiProperty({ type: String, description: 'What decided: a provider code, an HTTP status, a rule of the service.' })
  rule: string;

  @ApiProperty({ type: String })
  sentence: string;

  @ApiProperty({ type: String, format: 'uuid', required: false })
  deliveryId?: string;

  @ApiProperty({ type: String, format: 'uuid', required: false })
  attemptId?: string;
}

class ExplainedNextDto {
  @ApiProperty({ type: String })
  sentence: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Null where nobody can say.' })
  at: string | null;
}

/** What happened to a notification, why, and what comes next. Times within sentences are UTC. */
export class ExplanationDto {
  @ApiProperty({ type: String, format: 'uuid' })
  id: string;

  @ApiProperty({ enum: NOTIFICATION_STATUSES })
  status: NotificationStatus;

  @ApiProperty({ type: [ExplainedDecisionDto], description: 'In order of time.' })
  decisions: ExplainedDecisionDto[];

  @ApiProperty({ type: ExplainedNextDto, nullable: true, description: 'Null when nothing more will happen.' })
  next: ExplainedNextDto | null;
}
