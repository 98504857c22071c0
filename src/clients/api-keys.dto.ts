import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayNotEmpty, IsArray, IsIn, IsOptional, IsString, IsUUID, Matches, NotEquals } from 'class-validator';
import { pageOf } from '../http/pagination.js';
import { EachOnce } from '../validation/each-once.rule.js';
import { SYSTEM } from '../audit/system.actor.js';
import { ADMIN_KEY_NAME, type ApiKey } from './api-key.entity.js';
import { SCOPES, type Scope } from '../access/scope.js';

/** Safe in logs and in `<client>/<key>`. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._:@-]{0,99}$/u;

export class CreateApiKey {
  @ApiProperty({
    type: String,
    pattern: NAME.source,
    description: `Of the key, and without clientId also of the client that is made for it. Not ${ADMIN_KEY_NAME}; a new client cannot be named ${SYSTEM}.`,
  })
  @IsString()
  @Matches(NAME, { message: 'must be 1 to 100 letters, digits, spaces or ._:@-, beginning with a letter or digit' })
  @NotEquals(ADMIN_KEY_NAME, { message: `must not be ${ADMIN_KEY_NAME}, which is the key of the environment` })
  name: string;

  @ApiProperty({ enum: SCOPES, isArray: true, minItems: 1, uniqueItems: true, description: 'None implies another.' })
  @IsArray()
  @ArrayNotEmpty()
  @EachOnce()
  @IsIn(SCOPES, { each: true })
  scopes: Scope[];

  @ApiPropertyOptional({
    type: String,
    format: 'uuid',
    description: 'Gives this client another key. Left out: a new client is made.',
  })
  @IsOptional()
  @IsUUID()
  clientId?: string | null;
}

class ApiKeyFields {
  @ApiProperty({ type: String, format: 'uuid' })
  id: string;

  @ApiProperty({ type: String, format: 'uuid' })
  clientId: string;

  @ApiProperty({ type: String })
  clientName: string;

  @ApiProperty({ type: String })
  name: string;

  @ApiProperty({ enum: SCOPES, isArray: true })
  scopes: readonly Scope[];

  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;
}

export class CreatedApiKeyDto extends ApiKeyFields {
  @ApiProperty({ type: String, description: 'Shown this once: only its hash is kept.', example: 'pr_…' })
  secret: string;
}

export class ApiKeyDto extends ApiKeyFields {
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'To the minute.' })
  lastUsedAt: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  revokedAt: string | null;
}

export const ApiKeyPage = pageOf(ApiKeyDto);

export function toApiKeyDto(key: ApiKey): ApiKeyDto {
  return {
    id: key.id,
    clientId: key.clientId,
    clientName: key.client.name,
    name: key.name,
    scopes: key.scopes,
    createdAt: key.createdAt.toISOString(),
    lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
    revokedAt: key.revokedAt?.toISOString() ?? null,
  };
}
