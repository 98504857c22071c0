import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { PageQuery, pageOf } from '../http/pagination.js';
import { E164 } from '../policy/address.js';
import { IsE164 } from '../validation/field.rules.js';

export class SuppressionQuery extends PageQuery {
  @ApiPropertyOptional({ type: String, pattern: E164.source, example: '+15551230001' })
  @IsOptional()
  @IsE164()
  recipient?: string;
}

export class SuppressionDto {
  @ApiProperty({ type: String, format: 'uuid' })
  id: string;

  @ApiProperty({
    type: String,
    description: 'A number or a Messaging Service sid; with whatsapp: before it for WhatsApp.',
  })
  sender: string;

  @ApiProperty({
    type: String,
    description: 'In E.164; Mexican numbers without the former 1 behind +52, however they were written.',
  })
  recipient: string;

  @ApiProperty({ type: String, example: 'Twilio code 21610' })
  reason: string;

  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;
}

export const SuppressionPage = pageOf(SuppressionDto);
