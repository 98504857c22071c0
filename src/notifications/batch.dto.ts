import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { ProblemDto } from '../problems/problem.dto.js';
import { NOTIFICATION_STATUSES, type NotificationStatus } from '../policy/transitions.js';
import type { ProblemBody } from '../problems/problem.js';

class BatchAcceptedDto {
  @ApiProperty({ type: 'integer', minimum: 0, description: 'Of the item in the request, from 0.' })
  index: number;

  @ApiProperty({ type: String, format: 'uuid' })
  id: string;

  @ApiProperty({ enum: NOTIFICATION_STATUSES })
  status: NotificationStatus;

  error?: never;
}

class BatchRejectedDto {
  @ApiProperty({ type: 'integer', minimum: 0, description: 'Of the item in the request, from 0.' })
  index: number;

  @ApiProperty({ type: ProblemDto })
  error: ProblemBody;

  id?: never;
  status?: never;
}

export type BatchResultDto = BatchAcceptedDto | BatchRejectedDto;

@ApiExtraModels(BatchAcceptedDto, BatchRejectedDto)
export class BatchDto {
  @ApiProperty({ type: 'integer', minimum: 0 })
  accepted: number;

  @ApiProperty({ type: 'integer', minimum: 0 })
  rejected: number;

  @ApiProperty({
    type: 'array',
    items: { oneOf: [{ $ref: getSchemaPath(BatchAcceptedDto) }, { $ref: getSchemaPath(BatchRejectedDto) }] },
    description: 'One for each item, in their order.',
  })
  results: BatchResultDto[];
}
