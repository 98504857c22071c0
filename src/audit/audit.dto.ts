import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, Length } from 'class-validator';
import { PageQuery, pageOf } from '../http/pagination.js';
import { IsText } from '../validation/field.rules.js';
import { AUDIT_ACTIONS, AUDIT_SUBJECTS, type AuditAction } from './audited.js';
import type { AuditEntry } from './audit-entry.entity.js';

export class AuditQuery extends PageQuery {
  @ApiPropertyOptional({ enum: AUDIT_SUBJECTS })
  @IsOptional()
  @IsIn(AUDIT_SUBJECTS)
  subjectType?: string;

  @ApiPropertyOptional({ type: String, minLength: 1, maxLength: 200 })
  @IsOptional()
  @IsText()
  @Length(1, 200)
  subjectId?: string;

  @ApiPropertyOptional({ type: String, minLength: 1, maxLength: 300, example: 'admin/ADMIN_API_KEY' })
  @IsOptional()
  @IsText()
  @Length(1, 300)
  actor?: string;

  @ApiPropertyOptional({ enum: AUDIT_ACTIONS })
  @IsOptional()
  @IsIn(AUDIT_ACTIONS)
  action?: AuditAction;
}

export class AuditEntryDto {
  @ApiProperty({ type: String, format: 'uuid' })
  id: string;

  @ApiProperty({ type: String, format: 'date-time' })
  at: string;

  @ApiProperty({
    type: String,
    description:
      'The client and key that acted (and the id of the key, if two in force have that name), or the part of the system.',
  })
  actor: string;

  @ApiProperty({ enum: AUDIT_ACTIONS })
  action: string;

  @ApiProperty({ enum: AUDIT_SUBJECTS })
  subjectType: string;

  @ApiProperty({ type: String })
  subjectId: string;

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, description: 'The state it was in.' })
  before: unknown;

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, description: 'The state it went to.' })
  after: unknown;

  @ApiProperty({ type: String, nullable: true })
  note: string | null;
}

export const AuditEntryPage = pageOf(AuditEntryDto);

export function toAuditEntryDto(entry: AuditEntry): AuditEntryDto {
  const { id, at, actor, action, subjectType, subjectId, before, after, note } = entry;
  return { id, at: at.toISOString(), actor, action, subjectType, subjectId, before, after, note };
}
