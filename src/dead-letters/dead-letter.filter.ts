import { ApiPropertyOptional, IntersectionType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsInt, IsOptional, IsUUID, Max, Min } from 'class-validator';
import { LARGEST_CODE } from '../failures/failure.filter.js';
import { PageQuery } from '../http/pagination.js';
import { firstIdOf } from '../identifiers/first-id.sql.js';
import { IsMoment } from '../validation/field.rules.js';
import {
  CATEGORIES,
  CHANNELS,
  DEAD_LETTER_STATES,
  ERROR_CLASSES,
  type Category,
  type Channel,
  type DeadLetterState,
  type ErrorClass,
} from '../policy/vocabulary.js';

/** The most ids in one request; selecting more takes a filter. */
const MOST_IDS = 10_000;

/** Selects dead letters; all filters must match. */
class DeadLetterMarks {
  @ApiPropertyOptional({ enum: ERROR_CLASSES })
  @IsOptional()
  @IsIn(ERROR_CLASSES)
  errorClass?: ErrorClass;

  @ApiPropertyOptional({ enum: CHANNELS, description: 'The channel that failed last.' })
  @IsOptional()
  @IsIn(CHANNELS)
  channel?: Channel;

  @ApiPropertyOptional({ enum: CATEGORIES })
  @IsOptional()
  @IsIn(CATEGORIES)
  category?: Category;

  @ApiPropertyOptional({ type: String, format: 'uuid' })
  @IsOptional()
  @IsUUID()
  clientId?: string;

  @ApiPropertyOptional({ type: String, format: 'uuid' })
  @IsOptional()
  @IsUUID()
  incidentId?: string;
}

class DeadLetterFilter extends DeadLetterMarks {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: LARGEST_CODE })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(LARGEST_CODE)
  providerCode?: number;

  @ApiPropertyOptional({ enum: DEAD_LETTER_STATES })
  @IsOptional()
  @IsIn(DEAD_LETTER_STATES)
  state?: DeadLetterState;
}

/** A page of the review queue. */
export class DeadLettersQuery extends IntersectionType(DeadLetterFilter, PageQuery) {}

/** Selects the open dead letters of a replay: all filters must match; without any, all are taken. */
export class ReplayFilter extends DeadLetterMarks {
  @ApiPropertyOptional({ enum: ['open'], description: 'Only open ones can be replayed, with or without it.' })
  @IsOptional()
  @IsIn(['open'], { message: '$property must be open: only open dead letters can be replayed' })
  state?: 'open';

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: LARGEST_CODE })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(LARGEST_CODE)
  providerCode?: number;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Opened at or after this moment.' })
  @IsOptional()
  @IsMoment()
  from?: string;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Opened before this moment.' })
  @IsOptional()
  @IsMoment()
  until?: string;

  @ApiPropertyOptional({ type: 'array', items: { type: 'string', format: 'uuid' }, minItems: 1, maxItems: MOST_IDS })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MOST_IDS)
  @IsUUID(undefined, { each: true })
  ids?: string[];
}

/**
 * An id begins with the time when its dead letter opened, rounded to milliseconds. Bounds on ids, widened by this, keep
 * a query from reading what was opened outside its time range.
 */
const ROUNDED = `interval '1 second'`;

/** How many parameters {@link fitsFilter} takes. */
export const FILTER_LENGTH = 10;

/** A filter as a condition on `dead_letters l`; its parameters begin at `first`, see {@link filterValues}. */
export function fitsFilter(first: number): string {
  const [state, errorClass, code, channel, category, client, incident, from, until, ids] = Array.from(
    { length: FILTER_LENGTH },
    (_, index) => `$${first + index}`,
  );
  return `
    (${state}::text IS NULL OR l.state = ${state})
    AND (${errorClass}::text IS NULL OR l.error_class = ${errorClass})
    AND (${code}::int IS NULL OR l.provider_code = ${code})
    AND (${channel}::text IS NULL OR l.channel = ${channel})
    AND (${category}::text IS NULL OR l.category = ${category})
    AND (${client}::uuid IS NULL OR l.client_id = ${client})
    AND (${incident}::uuid IS NULL OR l.incident_id = ${incident})
    AND (${from}::timestamptz IS NULL OR (l.opened_at >= ${from} AND l.id >= ${firstIdOf(`(${from}::timestamptz - ${ROUNDED})`)}))
    AND (${until}::timestamptz IS NULL OR (l.opened_at < ${until} AND l.id < ${firstIdOf(`(${until}::timestamptz + ${ROUNDED})`)}))
    AND (${ids}::uuid[] IS NULL OR l.id = ANY (${ids}))`;
}

/** The parameters of {@link fitsFilter}, in its order. */
export function filterValues(filter: Omit<ReplayFilter, 'state'>, state: DeadLetterState | undefined): unknown[] {
  const { errorClass, providerCode, channel, category, clientId, incidentId, from, until, ids } = filter;
  return [state, errorClass, providerCode, channel, category, clientId, incidentId, from, until, ids];
}
