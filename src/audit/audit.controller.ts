import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Scopes } from '../access/access.decorator.js';
import { type Page, pageById } from '../http/pagination.js';
import { Problems } from '../openapi/problems.decorator.js';
import { AuditEntry } from './audit-entry.entity.js';
import { AUDIT_SUBJECTS } from './audited.js';
import { type AuditEntryDto, AuditEntryPage, AuditQuery, toAuditEntryDto } from './audit.dto.js';

@ApiTags('audit')
@Controller('v1/admin/audit')
export class AuditController {
  constructor(@InjectRepository(AuditEntry) private readonly entries: Repository<AuditEntry>) {}

  @Get()
  @Scopes('admin')
  @ApiOperation({ summary: 'Who did what, when, from which state to which; newest first' })
  @ApiOkResponse({ type: AuditEntryPage })
  @Problems('validation-failed')
  async list(@Query() query: AuditQuery): Promise<Page<AuditEntryDto>> {
    return await pageById('audit', query, async (before, most) => {
      const select = this.entries.createQueryBuilder('entry').orderBy('entry.id', 'DESC').take(most);
      if (before !== null) select.andWhere('entry.id < :before', { before });
      for (const field of ['subjectType', 'subjectId', 'actor', 'action'] as const) {
        if (query[field] !== undefined) select.andWhere(`entry.${field} = :${field}`, { [field]: query[field] });
      }
      // The index on subjects begins with their type.
      if (query.subjectId !== undefined && query.subjectType === undefined) {
        select.andWhere('entry.subjectType IN (:...subjects)', { subjects: AUDIT_SUBJECTS });
      }
      return (await select.getMany()).map(toAuditEntryDto);
    });
  }
}
