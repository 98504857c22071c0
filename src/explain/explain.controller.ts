import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { Scopes } from '../access/access.decorator.js';
import type { Caller } from '../access/caller.js';
import { CurrentCaller } from '../access/current-caller.decorator.js';
import { UuidPipe } from '../http/uuid.pipe.js';
import { visibilityOf } from '../notifications/notification.reader.js';
import { Problems } from '../openapi/problems.decorator.js';
import { ExplainService } from './explain.service.js';
import { ExplanationDto } from './explanation.dto.js';

@ApiTags('notifications')
@Controller('v1/notifications')
export class ExplainController {
  constructor(private readonly explanations: ExplainService) {}

  @Get(':id/explain')
  @Scopes('read')
  @ApiOperation({ summary: 'What was decided about a notification, why, and what comes next, in plain sentences' })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOkResponse({ type: ExplanationDto })
  @Problems('not-found')
  async explain(
    @Param('id', new UuidPipe('notification')) id: string,
    @CurrentCaller() caller: Caller,
  ): Promise<ExplanationDto> {
    return await this.explanations.explain(id, visibilityOf(caller));
  }
}
