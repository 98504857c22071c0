import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsObject,
  IsOptional,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { LONGEST_BODY, SmsContentDto, VoiceContentDto, WhatsappContentDto } from '../channels/content.dto.js';
import { CATEGORIES, CHANNELS, ON_UNKNOWN, type Category, type Channel, type OnUnknown } from '../policy/vocabulary.js';
import { IsE164, IsMetadata, IsMoment, IsText } from '../validation/field.rules.js';
import { EachOnce } from '../validation/each-once.rule.js';
import { KEY_SYNTAX } from './idempotency-key.js';

/** What a client asks to reach one recipient, once. */
export class CreateNotificationDto {
  @ApiProperty({ type: String, example: '+15551230001', description: 'The recipient in E.164.' })
  @IsE164()
  to: string;

  @ApiProperty({ enum: CHANNELS, isArray: true, minItems: 1, example: ['whatsapp', 'sms'] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(CHANNELS.length)
  @EachOnce({ message: '$property must not name a channel twice' })
  @IsIn(CHANNELS, { each: true, message: `each value in $property must be one of ${CHANNELS.join(', ')}` })
  channels: Channel[];

  @ApiPropertyOptional({ type: String, maxLength: LONGEST_BODY, example: 'Your code is 493021' })
  @IsOptional()
  @IsText()
  @IsNotEmpty()
  @MaxLength(LONGEST_BODY)
  body?: string;

  @ApiPropertyOptional({ type: WhatsappContentDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => WhatsappContentDto)
  whatsapp?: WhatsappContentDto;

  @ApiPropertyOptional({ type: SmsContentDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => SmsContentDto)
  sms?: SmsContentDto;

  @ApiPropertyOptional({ type: VoiceContentDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => VoiceContentDto)
  voice?: VoiceContentDto;

  @ApiPropertyOptional({ enum: CATEGORIES, default: 'transactional' })
  @IsOptional()
  @IsIn(CATEGORIES, { message: `$property must be one of ${CATEGORIES.join(', ')}` })
  category?: Category;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Not before this moment.' })
  @IsOptional()
  @IsMoment()
  sendAt?: string;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Not after this moment.' })
  @IsOptional()
  @IsMoment()
  expiresAt?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 604_800 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(604_800)
  fallbackAfterSeconds?: number;

  @ApiPropertyOptional({ enum: ON_UNKNOWN, default: 'resend' })
  @IsOptional()
  @IsIn(ON_UNKNOWN, { message: `$property must be one of ${ON_UNKNOWN.join(', ')}` })
  onUnknown?: OnUnknown;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true, example: { orderId: 'A-17' } })
  @IsOptional()
  @IsMetadata()
  metadata?: Record<string, unknown>;
}

/** A notification of a batch: it may carry its own key. */
export class BatchItemDto extends CreateNotificationDto {
  @ApiPropertyOptional({ type: String, pattern: KEY_SYNTAX.pattern.source })
  @IsOptional()
  @Matches(KEY_SYNTAX.pattern, { message: `$property must be ${KEY_SYNTAX.expected}` })
  idempotencyKey?: string;
}

/** 1 to 1000 notifications; each is accepted or refused on its own. */
export class CreateBatchDto {
  @ApiProperty({ type: [BatchItemDto], minItems: 1, maxItems: 1000 })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(1000)
  notifications: unknown[];
}
