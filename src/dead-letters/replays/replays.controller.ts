import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Scopes } from '../../access/access.decorator.js';
import type { Caller } from '../../access/caller.js';
import { CurrentCaller } from '../../access/current-caller.decorator.js';
import { NoFieldsDto } from '../../http/no-fields.dto.js';
import { UuidPipe } from '../../http/uuid.pipe.js';
import { BodyExamples } from '../../openapi/body-examples.decorator.js';
import { BODY_PROBLEMS, Problems } from '../../openapi/problems.decorator.js';
import { ReplayDto, ReplayPreviewDto, StartReplayDto, toReplayDto } from './replay.dto.js';
import { Replays } from './replays.js';

const PATH = 'v1/admin/dead-letters/replays';
const ID = { name: 'id', format: 'uuid' };
const ReplayId = () => Param('id', new UuidPipe('replay'));

/** Resolves many dead letters at once; a replay can be previewed, paced and stopped. */
@ApiTags('dead-letters')
@Controller(PATH)
@Scopes('admin')
export class ReplaysController {
  constructor(private readonly replays: Replays) {}

  @Post()
  @HttpCode(HttpStatus.ACCEPTED)
  @ApiOperation({ summary: 'Resolve every open dead letter that fits a filter; or, with dryRun, count them' })
  @BodyExamples(StartReplayDto, {
    'Only count': { filter: { errorClass: 'provider_fault' }, dryRun: true },
    'Retry, ten a second': {
      filter: { errorClass: 'provider_fault' },
      ratePerSecond: 10,
      note: 'The outage is over.',
    },
  })
  @ApiAcceptedResponse({
    type: ReplayDto,
    headers: { Location: { description: 'Where its progress is seen.', schema: { type: 'string' } } },
  })
  @ApiOkResponse({ type: ReplayPreviewDto, description: 'With dryRun: nothing happened.' })
  @Problems(...BODY_PROBLEMS, 'channel-not-configured')
  async start(
    @Body() request: StartReplayDto,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ReplayDto | ReplayPreviewDto> {
    if (request.dryRun) {
      reply.status(HttpStatus.OK);
      return await this.replays.preview(request);
    }
    const replay = await this.replays.start(request, caller);
    reply.header('location', `/${PATH}/${replay.id}`);
    return toReplayDto(replay);
  }

  @Get(':id')
  @ApiOperation({ summary: 'A replay and how far it has come' })
  @ApiParam(ID)
  @ApiOkResponse({ type: ReplayDto })
  @Problems('not-found')
  async find(@ReplayId() id: string): Promise<ReplayDto> {
    return toReplayDto(await this.replays.find(id));
  }

  @Post(':id/cancel')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Stop a replay; what it has done stays done' })
  @ApiParam(ID)
  @ApiOkResponse({ type: ReplayDto })
  @Problems(...BODY_PROBLEMS, 'not-found', 'conflict')
  async cancel(
    @ReplayId() id: string,
    @CurrentCaller() caller: Caller,
    @Body() _nothing: NoFieldsDto,
  ): Promise<ReplayDto> {
    return toReplayDto(await this.replays.cancel(id, caller));
  }
}
