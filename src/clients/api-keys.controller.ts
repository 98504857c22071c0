import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { NoFieldsDto } from '../http/no-fields.dto.js';
import { type Page, PageQuery } from '../http/pagination.js';
import { UuidPipe } from '../http/uuid.pipe.js';
import { BodyExamples } from '../openapi/body-examples.decorator.js';
import { BODY_PROBLEMS, Problems } from '../openapi/problems.decorator.js';
import { Scopes } from '../access/access.decorator.js';
import { type ApiKeyDto, ApiKeyPage, CreateApiKey, CreatedApiKeyDto } from './api-keys.dto.js';
import { ApiKeys } from './api-keys.js';
import type { Caller } from '../access/caller.js';
import { CurrentCaller } from '../access/current-caller.decorator.js';

@ApiTags('api-keys')
@Controller('v1/admin/api-keys')
@Scopes('admin')
export class ApiKeysController {
  constructor(private readonly keys: ApiKeys) {}

  @Post()
  @ApiOperation({ summary: 'Make a key for a new or an existing client; its secret is shown once' })
  @BodyExamples(CreateApiKey, { 'For a service that sends': { name: 'orders', scopes: ['send', 'read'] } })
  @ApiCreatedResponse({ type: CreatedApiKeyDto })
  @Problems(...BODY_PROBLEMS, 'not-found', 'conflict')
  async create(@Body() wish: CreateApiKey, @CurrentCaller() caller: Caller): Promise<CreatedApiKeyDto> {
    return await this.keys.create(wish, caller);
  }

  @Get()
  @ApiOperation({ summary: 'All keys, revoked ones too; newest first' })
  @ApiOkResponse({ type: ApiKeyPage })
  @Problems('validation-failed')
  async list(@Query() query: PageQuery): Promise<Page<ApiKeyDto>> {
    return await this.keys.list(query);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Revoke a key, at once and on every replica' })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiNoContentResponse({ description: 'It is revoked, by this request or an earlier one.' })
  @Problems(...BODY_PROBLEMS, 'not-found', 'conflict')
  async revoke(
    @Param('id', new UuidPipe('API key')) id: string,
    @CurrentCaller() caller: Caller,
    @Body() _nothing: NoFieldsDto,
  ): Promise<void> {
    await this.keys.revoke(id, caller);
  }
}
