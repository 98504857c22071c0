import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { LONGEST_BODY, SmsContentDto, VoiceContentDto, WhatsappContentDto } from '../channels/content.dto.js';
import { E164 } from '../policy/address.js';
import {
  CATEGORIES,
  CHANNELS,
  ON_UNKNOWN,
  type Category,
  type ChannelOrder,
  type OnUnknown,
} from '../policy/vocabulary.js';
import { EachOnce } from '../validation/each-once.rule.js';
import { IsE164, IsMetadata, IsMoment, METADATA, OptionalText } from '../validation/field.rules.js';
import { KEY_SYNTAX } from './idempotency-key.js';

/** A client's request to reach one recipient once. */
export class CreateNotificationDto {
  @ApiProperty({
    type: String,
    pattern: E164.source,
    example: '+15551230001',
    description: 'The recipient in E.164, with a calling code and a length that exist.',
  })
  @IsE164()
  to: string;

  @ApiProperty({
    enum: CHANNELS,
    isArray: true,
    minItems: 1,
    maxItems: CHANNELS.length,
    uniqueItems: true,
    example: ['whatsapp', 'sms'],
    description: 'The first is tried first, the others are its fallbacks. Each needs something to say.',
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(CHANNELS.length)
  @EachOnce({ message: '$property must not name a channel twice' })
  @IsIn(CHANNELS, { each: true, message: `each value in $property must be one of ${CHANNELS.join(', ')}` })
  channels: ChannelOrder;

  @OptionalText(LONGEST_BODY, { example: 'Your code is 493021' })
  body?: string | null;

  @ApiPropertyOptional({ type: WhatsappContentDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => WhatsappContentDto)
  whatsapp?: WhatsappContentDto | null;

  @ApiPropertyOptional({ type: SmsContentDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => SmsContentDto)
  sms?: SmsContentDto | null;

  @ApiPropertyOptional({ type: VoiceContentDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => VoiceContentDto)
  voice?: VoiceContentDto | null;

  @ApiPropertyOptional({
    enum: CATEGORIES,
    default: 'transactional',
    description: 'When work piles up, otp goes first, then alert, transactional, marketing.',
  })
  @IsOptional()
  @IsIn(CATEGORIES, { message: `$property must be one of ${CATEGORIES.join(', ')}` })
  category?: Category;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    description: 'Not before this moment; ISO 8601 with an offset.',
  })
  @IsOptional()
  @IsMoment()
  sendAt?: string;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Not after this moment.' })
  @IsOptional()
  @IsMoment()
  expiresAt?: string;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: 604_800,
    description: 'The next channel takes over from one that accepted it and did not deliver it in this time.',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(604_800)
  fallbackAfterSeconds?: number;

  @ApiPropertyOptional({
    enum: ON_UNKNOWN,
    default: 'resend',
    description: 'If nobody can find out whether an attempt was accepted: send again, or ask a human.',
  })
  @IsOptional()
  @IsIn(ON_UNKNOWN, { message: `$property must be one of ${ON_UNKNOWN.join(', ')}` })
  onUnknown?: OnUnknown;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    example: { orderId: 'A-17' },
    description:
      `At most ${METADATA.longest} bytes as JSON, nested at most ${METADATA.deepest} deep. Numbers are kept as doubles: ` +
      'write one of more than 15 digits, such as a 64-bit id, as text.',
  })
  @IsOptional()
  @IsMetadata()
  metadata?: Record<string, unknown>;
}

/** A notification in a batch; it may carry its own key. */
export class BatchItemDto extends CreateNotificationDto {
  @ApiPropertyOptional({
    type: String,
    pattern: KEY_SYNTAX.pattern.source,
    description: 'A key of your own for this notification; over the Idempotency-Key of the batch.',
  })
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
