import { ApiHideProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { PageQuery } from '../http/pagination.js';
import { E164 } from '../policy/address.js';
import { NOTIFICATION_STATUSES, type NotificationStatus } from '../policy/transitions.js';
import { CATEGORIES, CHANNELS, type Category, type Channel } from '../policy/vocabulary.js';
import { IsE164, IsMetadataFilter, IsMoment } from '../validation/field.rules.js';

/** Filters of a search for notifications; a notification must match all of them. */
export class ListNotificationsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: NOTIFICATION_STATUSES })
  @IsOptional()
  @IsIn(NOTIFICATION_STATUSES)
  status?: NotificationStatus;

  @ApiPropertyOptional({ enum: CHANNELS, description: 'The current channel.' })
  @IsOptional()
  @IsIn(CHANNELS)
  channel?: Channel;

  @ApiPropertyOptional({ enum: CATEGORIES })
  @IsOptional()
  @IsIn(CATEGORIES)
  category?: Category;

  @ApiPropertyOptional({
    type: String,
    pattern: E164.source,
    description: 'The recipient in E.164 (with + written as %2B).',
  })
  @IsOptional()
  @IsE164()
  to?: string;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Created at or after this moment.' })
  @IsOptional()
  @IsMoment()
  from?: string;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Created before this moment.' })
  @IsOptional()
  @IsMoment()
  until?: string;

  // Documented on the route, because it is written as ?metadata[orderId]=A-17.
  @ApiHideProperty()
  @IsOptional()
  @IsMetadataFilter()
  metadata?: Record<string, string>;
}
