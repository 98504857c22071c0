import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Scopes } from '../access/access.decorator.js';
import { type Page, cursorId, toPage } from '../http/pagination.js';
import { Problems } from '../openapi/problems.decorator.js';
import { AuditEntry } from './audit-entry.entity.js';
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
    const after = cursorId('audit', query);
    const select = this.entries
      .createQueryBuilder('entry')
      .orderBy('entry.id', 'DESC')
      .take(query.limit + 1);
    if (after !== null) select.andWhere('entry.id < :after', { after });
    for (const field of ['subjectType', 'subjectId', 'actor', 'action'] as const) {
      if (query[field] !== undefined) select.andWhere(`entry.${field} = :${field}`, { [field]: query[field] });
    }
    return toPage('audit', await select.getMany(), query.limit, (entry) => [entry.id], toAuditEntryDto);
  }
}
