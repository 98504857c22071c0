import { ApiProperty } from '@nestjs/swagger';
import { DeadLetterDto } from '../dead-letters/dead-letter.dto.js';
import { NextStepDto } from '../failures/next-step.dto.js';
import { NOTIFICATION_STATUSES, type NotificationStatus } from '../policy/transitions.js';
import {
  CATEGORIES,
  CHANNELS,
  ERROR_CLASSES,
  OUTCOMES,
  RESPONSIBLE_PARTIES,
  type Category,
  type Channel,
  type ErrorClass,
  type Outcome,
  type ResponsibleParty,
} from '../policy/vocabulary.js';

export class AttemptDto {
  @ApiProperty({ type: String, format: 'uuid' })
  id: string;

  @ApiProperty({ type: 'integer', minimum: 1 })
  number: number;

  @ApiProperty({ type: String, format: 'date-time' })
  startedAt: string;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Null before the answer, and if the process died before it.',
  })
  durationMs: number | null;

  @ApiProperty({
    enum: OUTCOMES,
    description: 'unknown: it may have been accepted, so the provider is asked before anything is sent again.',
  })
  outcome: Outcome;

  @ApiProperty({ type: 'integer', nullable: true, description: 'Null without an answer of the provider.' })
  httpStatus: number | null;

  @ApiProperty({ type: 'integer', nullable: true, description: "The provider's own code; operators can look it up." })
  providerCode: number | null;

  @ApiProperty({ type: String, nullable: true })
  providerMessage: string | null;

  @ApiProperty({ type: String, nullable: true })
  providerRequestId: string | null;

  @ApiProperty({ enum: ERROR_CLASSES, nullable: true, description: 'What kind of failure it was; null if accepted.' })
  errorClass: ErrorClass | null;

  @ApiProperty({ enum: RESPONSIBLE_PARTIES, nullable: true, description: 'Who can do something about the failure.' })
  responsible: ResponsibleParty | null;

  @ApiProperty({ type: NextStepDto })
  nextStep: NextStepDto;

  @ApiProperty({ type: Boolean, description: 'An earlier attempt may have reached the recipient as well.' })
  possibleDuplicate: boolean;
}

export class CallbackDto {
  @ApiProperty({ type: String, format: 'uuid' })
  id: string;

  @ApiProperty({ type: String, format: 'uuid' })
  attemptId: string;

  @ApiProperty({ type: String, description: "The provider's own word." })
  status: string;

  @ApiProperty({ type: 'integer', nullable: true })
  errorCode: number | null;

  @ApiProperty({ type: String, format: 'date-time' })
  receivedAt: string;
}

export class DeliveryDto {
  @ApiProperty({ type: String, format: 'uuid' })
  id: string;

  @ApiProperty({ enum: CHANNELS })
  channel: Channel;

  @ApiProperty({ enum: NOTIFICATION_STATUSES })
  status: NotificationStatus;

  @ApiProperty({ type: String, nullable: true })
  providerSid: string | null;

  @ApiProperty({ type: String, description: 'The sender: a number or a Messaging Service sid.' })
  from: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  startedAt: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  endedAt: string | null;

  @ApiProperty({ type: [AttemptDto] })
  attempts: AttemptDto[];

  @ApiProperty({ type: [CallbackDto] })
  callbacks: CallbackDto[];
}

/** A notification without its history: what a list shows. */
export class NotificationSummaryDto {
  @ApiProperty({ type: String, format: 'uuid' })
  id: string;

  @ApiProperty({
    enum: NOTIFICATION_STATUSES,
    description:
      'delivered, canceled and expired are final. failed: a human decides, unless the recipient opted out. sent: the provider accepted it, which may be all that is ever known.',
  })
  status: NotificationStatus;

  @ApiProperty({ type: String })
  to: string;

  @ApiProperty({ enum: CHANNELS, isArray: true })
  channels: readonly Channel[];

  @ApiProperty({ enum: CHANNELS, description: 'The current one.' })
  channel: Channel;

  @ApiProperty({ enum: CATEGORIES })
  category: Category;

  @ApiProperty({ type: Boolean, description: 'Of every category but marketing.' })
  critical: boolean;

  @ApiProperty({ type: String, nullable: true })
  idempotencyKey: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true })
  metadata: Readonly<Record<string, unknown>>;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  sendAt: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expiresAt: string | null;

  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;

  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  deliveredAt: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'WhatsApp only.' })
  readAt: string | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'Null if nobody can say, and if it expires before.',
  })
  nextAttemptAt: string | null;
}

export class NotificationDto extends NotificationSummaryDto {
  @ApiProperty({
    type: [DeliveryDto],
    description: 'One for each channel that was begun, and for each retry by a human.',
  })
  deliveries: DeliveryDto[];

  @ApiProperty({
    type: DeadLetterDto,
    nullable: true,
    description:
      'Why no automatic step could help, and what a human decided. Null otherwise, and if the recipient opted out.',
  })
  deadLetter: DeadLetterDto | null;
}
