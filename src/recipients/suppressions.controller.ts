import { Body, Controller, Delete, Get, HttpCode, Param, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { AuditLog } from '../audit/audit-log.js';
import { Scopes } from '../access/access.decorator.js';
import type { Caller } from '../access/caller.js';
import { CurrentCaller } from '../access/current-caller.decorator.js';
import { Database } from '../database/database.js';
import { NoFieldsDto } from '../http/no-fields.dto.js';
import { type Page, pageById } from '../http/pagination.js';
import { UuidPipe } from '../http/uuid.pipe.js';
import { canonicalNumber } from '../policy/address.js';
import { BODY_PROBLEMS, Problems } from '../openapi/problems.decorator.js';
import { notFound } from '../problems/problem.js';
import { LIFT_SUPPRESSION, LIST_SUPPRESSIONS } from './recipient-memory.sql.js';
import { type SuppressionDto, SuppressionPage, SuppressionQuery } from './suppressions.dto.js';

type SuppressionRow = Omit<SuppressionDto, 'createdAt'> & { createdAt: Date };

@ApiTags('suppressions')
@Controller('v1/admin/suppressions')
@Scopes('admin')
export class SuppressionsController {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Who must not be written to by which sender; newest first' })
  @ApiOkResponse({ type: SuppressionPage })
  @Problems('validation-failed')
  async list(@Query() query: SuppressionQuery): Promise<Page<SuppressionDto>> {
    const recipient = query.recipient === undefined ? null : canonicalNumber(query.recipient);
    return await pageById('suppressions', query, async (before, most) => {
      const rows = await this.database.run<SuppressionRow>(LIST_SUPPRESSIONS, [before, recipient, most]);
      return rows.map((row) => ({ ...row, createdAt: row.createdAt.toISOString() }));
    });
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Lift a suppression: the recipient told somebody that they want to be written to again' })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiNoContentResponse({ description: 'It is lifted. The provider may still refuse until the recipient sends START.' })
  @Problems(...BODY_PROBLEMS, 'not-found')
  async lift(
    @Param('id', new UuidPipe('suppression')) id: string,
    @CurrentCaller() caller: Caller,
    @Body() _nothing: NoFieldsDto,
  ): Promise<void> {
    await this.database.transaction(async (transaction) => {
      const [lifted] = await transaction.run<SuppressionRow & { liftedAt: Date }>(LIFT_SUPPRESSION, [id, caller.name]);
      if (!lifted) throw notFound('active suppression');
      const { liftedAt, ...before } = lifted;
      await this.audit.record(transaction, {
        actor: caller.name,
        action: 'suppression.lifted',
        subjectId: id,
        before: { ...before, liftedAt: null },
        after: { ...before, liftedAt },
      });
    });
  }
}
