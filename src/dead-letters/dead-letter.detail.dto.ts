import { ApiProperty } from '@nestjs/swagger';
import { FailureDto } from '../failures/failure.dto.js';
import { NOTIFICATION_STATUSES, type NotificationStatus } from '../policy/transitions.js';
import { CHANNELS, type Channel } from '../policy/vocabulary.js';
import { DeadLetterDto } from './dead-letter.dto.js';

/** A dead letter with what a human needs to decide about it. Leaves out the body, so nobody sees what was sent. */
export class DeadLetterDetailDto extends DeadLetterDto {
  @ApiProperty({ type: String, description: 'The recipient, as corrected last.' })
  to: string;

  @ApiProperty({ enum: CHANNELS, isArray: true, description: "The client's channels, in its order." })
  channels: readonly Channel[];

  @ApiProperty({ enum: NOTIFICATION_STATUSES })
  notificationStatus: NotificationStatus;

  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expiresAt: string | null;

  @ApiProperty({ type: Boolean, description: 'Its expiresAt has passed: it can only be discarded.' })
  expired: boolean;

  @ApiProperty({
    type: Boolean,
    description: 'False once retention has deleted the content: a retry needs new content.',
  })
  contentKept: boolean;

  @ApiProperty({
    type: Boolean,
    description: 'A delivery may have reached the recipient: after a retry they may have it twice.',
  })
  maybeAccepted: boolean;

  @ApiProperty({ type: String, nullable: true, description: 'What the provider code is called here.' })
  codeName: string | null;

  @ApiProperty({ type: String, description: 'What to do, and who.' })
  whatToDo: string;

  @ApiProperty({ type: String, format: 'uri', nullable: true, description: "The code's official page." })
  source: string | null;

  @ApiProperty({ type: [FailureDto], description: 'The last failures of the notification, newest first.' })
  failures: FailureDto[];
}
