import {
  ArrayMinSize,
  IsArray,
  IsIn,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
} from 'class-validator';

export class CreateNotificationDto {
  @Matches(/^\+[1-9]\d{6,14}$/)
  to: string;

  @IsArray()
  @ArrayMinSize(1)
  @IsIn(['sms', 'whatsapp', 'voice'], { each: true })
  channels: string[];

  @IsString()
  @IsNotEmpty()
  @MaxLength(1600)
  body: string;

  @IsOptional()
  @IsIn(['otp', 'alert', 'transactional', 'marketing'])
  category?: string;

  @IsOptional()
  @IsObject()
  metadata?: object;
}
