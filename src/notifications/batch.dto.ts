import { ApiProperty } from '@nestjs/swagger';
import { ProblemDto } from '../problems/problem.dto.js';
import { NOTIFICATION_STATUSES, type NotificationStatus } from '../policy/transitions.js';
import type { ProblemBody } from '../problems/problem.js';

export class BatchResultDto {
  @ApiProperty({ type: 'integer', description: 'Of the item in the request, from 0.' })
  index: number;

  @ApiProperty({ type: String, format: 'uuid', required: false })
  id?: string;

  @ApiProperty({ enum: NOTIFICATION_STATUSES, required: false })
  status?: NotificationStatus;

  @ApiProperty({ type: ProblemDto, required: false, description: 'Instead of id and status, where it was refused.' })
  error?: ProblemBody;
}

export class BatchDto {
  @ApiProperty({ type: 'integer' })
  accepted: number;

  @ApiProperty({ type: 'integer' })
  rejected: number;

  @ApiProperty({ type: [BatchResultDto] })
  results: BatchResultDto[];
}
