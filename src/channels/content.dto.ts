import { ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsOptional, Matches } from 'class-validator';
import {
  IsContentVariables,
  IsWebAddress,
  LONGEST_ADDRESS,
  OptionalText,
  VARIABLES,
} from '../validation/field.rules.js';
import { LONGEST_TWIML } from './twiml.js';

/** Maximum characters of a message body; Twilio refuses more with 21617. */
export const LONGEST_BODY = 1600;
const MOST_MEDIA = 10;

const MEDIA_ITEM = { type: 'string', format: 'uri', maxLength: LONGEST_ADDRESS } as const;

/** Channel-specific content as given in a request; content.ts describes the stored form. */
export class WhatsappContentDto {
  @OptionalText(LONGEST_BODY, { description: 'Overrides body on this channel.' })
  body?: string | null;

  @ApiPropertyOptional({ type: String, pattern: '^HX[0-9a-fA-F]{32}$', description: 'An approved template.' })
  @IsOptional()
  @Matches(/^HX[0-9a-fA-F]{32}$/, { message: '$property must be HX followed by 32 hex digits' })
  contentSid?: string | null;

  @ApiPropertyOptional({
    type: 'object',
    maxProperties: VARIABLES.most,
    description: `Of the template; names of at most ${VARIABLES.longestKey} characters.`,
    example: { 1: '493021' },
    additionalProperties: { type: 'string', minLength: 1, maxLength: VARIABLES.longestValue, pattern: '^[^\\r\\n]*$' },
  })
  @IsOptional()
  @IsContentVariables()
  contentVariables?: Record<string, string> | null;

  @ApiPropertyOptional({ type: 'array', items: MEDIA_ITEM, maxItems: MOST_MEDIA })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MOST_MEDIA)
  @IsWebAddress({ each: true })
  mediaUrls?: string[] | null;
}

export class SmsContentDto {
  @OptionalText(LONGEST_BODY, { description: 'Overrides body on this channel.' })
  body?: string | null;

  @ApiPropertyOptional({ type: 'array', items: MEDIA_ITEM, maxItems: MOST_MEDIA, description: 'Makes it an MMS.' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MOST_MEDIA)
  @IsWebAddress({ each: true })
  mediaUrls?: string[] | null;
}

export class VoiceContentDto {
  @OptionalText(LONGEST_TWIML, {
    description: `Read aloud; the body if absent. At most ${LONGEST_TWIML} characters as TwiML, where & and < count as five and four.`,
  })
  say?: string | null;

  @OptionalText(LONGEST_TWIML, { description: 'TwiML of the call, instead of say.' })
  twiml?: string | null;

  @ApiPropertyOptional({
    type: String,
    format: 'uri',
    maxLength: LONGEST_ADDRESS,
    description: 'Where Twilio fetches the TwiML, instead of say and twiml.',
  })
  @IsOptional()
  @IsWebAddress()
  url?: string | null;
}
