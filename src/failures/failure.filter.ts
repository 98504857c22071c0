import { ApiPropertyOptional, IntersectionType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsUUID, Max, Min } from 'class-validator';
import { PageQuery } from '../http/pagination.js';
import { E164 } from '../policy/address.js';
import { IsE164, IsMoment } from '../validation/field.rules.js';
import {
  CHANNELS,
  ERROR_CLASSES,
  OUTCOMES,
  type Channel,
  type ErrorClass,
  type Outcome,
} from '../policy/vocabulary.js';

/** The largest value of a PostgreSQL integer. */
export const LARGEST_CODE = 2_147_483_647;

/** Selects failures; all filters must match. */
export class FailureFilter {
  @ApiPropertyOptional({ enum: ERROR_CLASSES })
  @IsOptional()
  @IsIn(ERROR_CLASSES)
  errorClass?: ErrorClass;

  @ApiPropertyOptional({ type: 'integer', minimum: 100, maximum: 599 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(100)
  @Max(599)
  httpStatus?: number;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: LARGEST_CODE })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(LARGEST_CODE)
  providerCode?: number;

  @ApiPropertyOptional({ enum: CHANNELS })
  @IsOptional()
  @IsIn(CHANNELS)
  channel?: Channel;

  @ApiPropertyOptional({ type: String, format: 'uuid' })
  @IsOptional()
  @IsUUID()
  clientId?: string;

  @ApiPropertyOptional({
    type: String,
    pattern: E164.source,
    description: 'The recipient in E.164 (with + written as %2B).',
  })
  @IsOptional()
  @IsE164()
  to?: string;

  @ApiPropertyOptional({
    enum: OUTCOMES,
    description: 'Of the attempt: a failed callback is about one that had been accepted.',
  })
  @IsOptional()
  @IsIn(OUTCOMES)
  outcome?: Outcome;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'At or after this moment.' })
  @IsOptional()
  @IsMoment()
  from?: string;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Before this moment.' })
  @IsOptional()
  @IsMoment()
  until?: string;
}

/** A page of failures. */
export class FailuresQuery extends IntersectionType(FailureFilter, PageQuery) {}

/** {@link FailureFilter} as a condition on `failures f`; its parameters are $1 to $9, see {@link filterValues}. */
export const FITS_FILTER = `
  ($1::text IS NULL OR f.error_class = $1)
  AND ($2::smallint IS NULL OR f.http_status = $2)
  AND ($3::int IS NULL OR f.provider_code = $3)
  AND ($4::text IS NULL OR f.channel = $4)
  AND ($5::uuid IS NULL OR f.client_id = $5)
  AND ($6::text IS NULL OR f.recipient = $6)
  AND ($7::text IS NULL OR f.outcome = $7)
  AND ($8::timestamptz IS NULL OR f.at >= $8)
  AND ($9::timestamptz IS NULL OR f.at < $9)`;

/** The parameters of {@link FITS_FILTER}, in its order. */
export function filterValues(filter: FailureFilter): unknown[] {
  const { errorClass, httpStatus, providerCode, channel, clientId, to, outcome, from, until } = filter;
  return [errorClass, httpStatus, providerCode, channel, clientId, to, outcome, from, until];
}
