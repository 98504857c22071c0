import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsObject, IsOptional, Matches, ValidateNested } from 'class-validator';
import { LONGEST_BODY, SmsContentDto, VoiceContentDto, WhatsappContentDto } from '../channels/content.dto.js';
import { IsE164, LONGEST_NOTE, OptionalText } from '../validation/field.rules.js';
import { E164, WRITTEN_SENDER } from '../policy/address.js';
import { CHANNELS, type Channel } from '../policy/vocabulary.js';
import type { Corrections } from './corrections.js';

class ChannelContentDto {
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
}

class ChangesDto {
  @ApiPropertyOptional({ type: String, pattern: E164.source, description: 'Another recipient, in E.164.' })
  @IsOptional()
  @IsE164()
  to?: string | null;

  @OptionalText(LONGEST_BODY, { description: 'Replaces the text of the channel too.' })
  body?: string | null;

  @ApiPropertyOptional({ type: ChannelContentDto, description: 'Replaces what these channels say, whole.' })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ChannelContentDto)
  content?: ChannelContentDto | null;

  @ApiPropertyOptional({
    type: String,
    pattern: WRITTEN_SENDER.source,
    description: 'Another sender: a number, a Messaging Service sid, for sms also a short code or name.',
  })
  @IsOptional()
  @Matches(WRITTEN_SENDER, {
    message:
      '$property must be a number, a Messaging Service sid, a short code, or a name of at most 11 letters, digits and spaces with a letter in it',
  })
  sender?: string | null;
}

class NoteDto {
  @OptionalText(LONGEST_NOTE, { description: 'Why; kept with the dead letter.' })
  note?: string | null;
}

export class RetryDeadLetterDto extends NoteDto {
  @ApiPropertyOptional({ type: ChangesDto, description: 'What to correct; as it was without.' })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ChangesDto)
  changes?: ChangesDto | null;
}

export class FallbackDeadLetterDto extends NoteDto {
  @ApiProperty({ enum: CHANNELS, description: 'Any channel but the one that failed.' })
  @IsIn(CHANNELS, { message: `$property must be one of ${CHANNELS.join(', ')}` })
  channel: Channel;
}

export class DiscardDeadLetterDto extends NoteDto {}

/** The corrections that a request asks for; undefined if it asks for none. */
export function correctionsOf(changes: ChangesDto | null | undefined): Corrections | undefined {
  const { to, sender, body } = changes ?? {};
  const content = contentOf(changes?.content ?? {});
  const corrections: Corrections = {
    ...(to && { to }),
    ...(sender && { from: sender }),
    ...(body && { body }),
    ...(Object.keys(content).length > 0 && { content }),
  };
  return Object.keys(corrections).length > 0 ? corrections : undefined;
}

/** Does not compile while a channel's content cannot be corrected. */
function contentOf({ whatsapp, sms, voice }: Pick<ChannelContentDto, Channel>): NonNullable<Corrections['content']> {
  return { ...(whatsapp && { whatsapp }), ...(sms && { sms }), ...(voice && { voice }) };
}
