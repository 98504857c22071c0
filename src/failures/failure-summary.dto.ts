import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { CHANNELS, ERROR_CLASSES, type Channel, type ErrorClass } from '../policy/vocabulary.js';
import { FailureFilter } from './failure.filter.js';
import { BUCKETS, type Bucket } from './summary.span.js';

export class FailureSummaryQuery extends FailureFilter {
  @ApiPropertyOptional({
    enum: BUCKETS,
    description: 'How long a time bucket is. Default: minutes up to 3 hours, hours up to 4 days, else days.',
  })
  @IsOptional()
  @IsIn(BUCKETS)
  bucket?: Bucket;
}

class ErrorClassCountDto {
  @ApiProperty({ enum: ERROR_CLASSES })
  errorClass: ErrorClass;

  @ApiProperty({ type: 'integer' })
  count: number;
}

class CodeCountDto {
  @ApiProperty({ type: 'integer', nullable: true })
  httpStatus: number | null;

  @ApiProperty({ type: 'integer', nullable: true })
  providerCode: number | null;

  @ApiProperty({ enum: ERROR_CLASSES })
  errorClass: ErrorClass;

  @ApiProperty({ type: 'integer' })
  count: number;
}

class ChannelCountDto {
  @ApiProperty({ enum: CHANNELS })
  channel: Channel;

  @ApiProperty({ type: 'integer' })
  count: number;
}

class ClientCountDto {
  @ApiProperty({ type: String, format: 'uuid' })
  clientId: string;

  @ApiProperty({ type: String, nullable: true })
  name: string | null;

  @ApiProperty({ type: 'integer' })
  count: number;
}

class TimeCountDto {
  @ApiProperty({ type: String, format: 'date-time', description: 'Where the bucket begins.' })
  at: string;

  @ApiProperty({ type: 'integer' })
  count: number;
}

/** How many failures, by what they have in common; the most frequent first. */
export class FailureSummaryDto {
  @ApiProperty({ type: String, format: 'date-time' })
  from: string;

  @ApiProperty({ type: String, format: 'date-time' })
  until: string;

  @ApiProperty({ enum: BUCKETS })
  bucket: Bucket;

  @ApiProperty({ type: 'integer' })
  total: number;

  @ApiProperty({ type: [ErrorClassCountDto] })
  byErrorClass: ErrorClassCountDto[];

  @ApiProperty({ type: [CodeCountDto] })
  byCode: CodeCountDto[];

  @ApiProperty({ type: [ChannelCountDto] })
  byChannel: ChannelCountDto[];

  @ApiProperty({ type: [ClientCountDto] })
  byClient: ClientCountDto[];

  @ApiProperty({ type: [TimeCountDto], description: 'In order of time; buckets without failures are left out.' })
  byTime: TimeCountDto[];
}
