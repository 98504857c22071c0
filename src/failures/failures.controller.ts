import { Readable } from 'node:stream';
import { Controller, Get, Headers, Inject, Query, Req, StreamableFile } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { Scopes } from '../access/access.decorator.js';
import type { Page } from '../http/pagination.js';
import { LOGGER } from '../logging/logger.js';
import { Problems } from '../openapi/problems.decorator.js';
import { loggableError } from '../problems/loggable-error.js';
import { FailurePage, type FailureDto } from './failure.dto.js';
import { FailuresQuery } from './failure.filter.js';
import { FailureHistory } from './failure.history.js';
import { FailureSummaryDto, FailureSummaryQuery } from './failure-summary.dto.js';
import { FailureSummary } from './failure.summary.js';
import { failuresCsv } from './failures.csv.js';
import { prefersCsv } from './media-type.preference.js';

@ApiTags('failures')
@ApiExtraModels(FailurePage)
@Controller('v1/admin/failures')
@Scopes('admin')
@Problems('validation-failed')
export class FailuresController {
  constructor(
    private readonly history: FailureHistory,
    private readonly summaries: FailureSummary,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Every failed or unknown attempt and failed callback, newest first',
    description:
      'A page ends before its limit if the words of the provider in it take 4 MiB. With Accept: text/csv everything that fits the filters as one CSV file, whatever limit and cursor say.',
  })
  @ApiOkResponse({
    headers: { 'Content-Disposition': { description: 'Of the CSV: a name for the file.', schema: { type: 'string' } } },
    content: {
      'application/json': { schema: { $ref: getSchemaPath(FailurePage) } },
      'text/csv': { schema: { type: 'string' } },
    },
  })
  async list(
    @Query() query: FailuresQuery,
    @Headers('accept') accept: string | undefined,
    @Req() { method }: FastifyRequest,
  ): Promise<Page<FailureDto> | StreamableFile> {
    if (!prefersCsv(accept)) return await this.history.page(query);
    // For HEAD, Fastify would read the whole stream and throw it away.
    return new StreamableFile(method === 'HEAD' ? Readable.from([]) : this.export(query), {
      type: 'text/csv; charset=utf-8; header=present',
      disposition: 'attachment; filename="failures.csv"',
    });
  }

  private export(query: FailuresQuery): Readable {
    return failuresCsv(this.history.all(query), (error) =>
      this.log.warn({ err: loggableError(error) }, 'an export of failures broke off'),
    );
  }

  @Get('summary')
  @ApiOperation({
    summary: 'How many failures, by class, code, channel, client and time; by default of the last 24 hours',
  })
  @ApiOkResponse({ type: FailureSummaryDto })
  async summary(@Query() query: FailureSummaryQuery): Promise<FailureSummaryDto> {
    return await this.summaries.of(query);
  }
}
