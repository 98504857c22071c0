import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length } from 'class-validator';
import { PageQuery } from '../http/pagination.js';
import { FAILURE_SCOPES, type FailureScope } from '../policy/failure.js';
import { ERROR_CLASSES, RESPONSIBLE_PARTIES, type ErrorClass, type ResponsibleParty } from '../policy/vocabulary.js';
import {
  OTHER_CHANNEL_HELPS,
  SAME_CHANNEL_AGAIN,
  SEEN_IN,
  type TwilioErrorCode,
} from '../twilio/error-codes/error-code.js';
import { FALLBACKS, RETRIES, type Fallback, type Retry } from './effective-policy.js';

export class ErrorCatalogueQuery extends PageQuery {
  @ApiPropertyOptional({ enum: ERROR_CLASSES })
  @IsOptional()
  @IsIn(ERROR_CLASSES)
  errorClass?: ErrorClass;

  @ApiPropertyOptional({
    type: String,
    minLength: 1,
    maxLength: 100,
    description: 'Part of the code, its name or what to do; in any case.',
  })
  @IsOptional()
  @IsString()
  @Length(1, 100)
  q?: string;
}

/** What a provider code means here, and who should do what about it. */
export class ErrorCodeDto {
  @ApiProperty({ type: 'integer' })
  code: number;

  @ApiProperty({ type: String })
  name: string;

  @ApiProperty({ enum: ERROR_CLASSES })
  errorClass: ErrorClass;

  @ApiProperty({ enum: RESPONSIBLE_PARTIES })
  responsible: ResponsibleParty;

  @ApiProperty({
    enum: RETRIES,
    description:
      'Whether the same channel is tried again, all rules taken together, if the code answers a request. What a callback reports as failed is never sent again on its channel automatically.',
  })
  retry: Retry;

  @ApiProperty({
    enum: FALLBACKS,
    description:
      'Whether the next channel gets its turn, all rules taken together. If a callback reports the code: at once instead of when_exhausted.',
  })
  fallback: Fallback;

  @ApiProperty({ enum: SAME_CHANNEL_AGAIN, description: "The code's own answer." })
  sameChannelAgain: TwilioErrorCode['sameChannelAgain'];

  @ApiProperty({ enum: OTHER_CHANNEL_HELPS, description: "The code's own answer." })
  otherChannelHelps: TwilioErrorCode['otherChannelHelps'];

  @ApiProperty({ enum: FAILURE_SCOPES, description: 'What else would fail for the same reason.' })
  scope: FailureScope;

  @ApiProperty({ enum: SEEN_IN })
  seenIn: TwilioErrorCode['seenIn'];

  @ApiProperty({ type: Boolean, description: 'Whether the recipient is not tried on this channel again for a while.' })
  notOnChannel: boolean;

  @ApiProperty({
    type: Boolean,
    description: 'It may have reached the recipient: what follows is a possible duplicate.',
  })
  mayHaveArrived: boolean;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Milliseconds until a used-up quota is there again; null if the class says it.',
  })
  resetsAfterMs: number | null;

  @ApiProperty({ type: String, description: 'What to do, and who.' })
  action: string;

  @ApiProperty({ type: String, nullable: true })
  note: string | null;

  @ApiProperty({ type: String, format: 'uri', description: 'The official page of the code.' })
  source: string;

  @ApiProperty({
    type: String,
    format: 'date',
    nullable: true,
    description: 'When a person last judged the row; null if an operator added it without a date.',
  })
  reviewedAt: string | null;
}

/** A code that the provider has used but no row of the catalogue explains. */
export class UnknownCodeDto {
  @ApiProperty({ type: 'integer' })
  code: number;

  @ApiProperty({ type: 'integer', description: 'Failures with this code that are kept.' })
  count: number;

  @ApiProperty({ type: String, format: 'date-time' })
  lastSeenAt: string;
}

export class ErrorCataloguePage {
  @ApiProperty({ type: [ErrorCodeDto], description: 'In order of their codes.' })
  items: readonly ErrorCodeDto[];

  @ApiProperty({ type: String, nullable: true, description: 'Goes into ?cursor= for the next page.' })
  nextCursor: string | null;

  @ApiProperty({ type: [UnknownCodeDto], description: 'Seen, but in no row; the same on every page.' })
  unknownCodes: readonly UnknownCodeDto[];
}
