import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Scopes } from '../access/access.decorator.js';
import { Problems } from '../openapi/problems.decorator.js';
import { ErrorCatalogue } from './error-catalogue.js';
import { ErrorCataloguePage, ErrorCatalogueQuery } from './error-catalogue.dto.js';

@ApiTags('errors')
@Controller('v1/admin/errors')
export class ErrorCatalogueController {
  constructor(private readonly catalogue: ErrorCatalogue) {}

  @Get()
  @Scopes('admin')
  @ApiOperation({ summary: 'What every provider code means: class, who is responsible, retry, fallback, what to do' })
  @ApiOkResponse({ type: ErrorCataloguePage })
  @Problems('validation-failed')
  async list(@Query() query: ErrorCatalogueQuery): Promise<ErrorCataloguePage> {
    return await this.catalogue.page(query);
  }
}
