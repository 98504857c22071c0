import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { Scopes } from '../access/access.decorator.js';
import type { Caller } from '../access/caller.js';
import { CurrentCaller } from '../access/current-caller.decorator.js';
import type { Page } from '../http/pagination.js';
import { UuidPipe } from '../http/uuid.pipe.js';
import { BodyExamples } from '../openapi/body-examples.decorator.js';
import { BODY_PROBLEMS, Problems } from '../openapi/problems.decorator.js';
import { DeadLetterDetailDto } from './dead-letter.detail.dto.js';
import { DeadLetterDto, DeadLetterPage, toDeadLetterDto } from './dead-letter.dto.js';
import { DeadLettersQuery } from './dead-letter.filter.js';
import { DeadLetterQueue } from './dead-letter.queue.js';
import { DeadLetterResolver } from './dead-letter.resolver.js';
import { correctionsOf, DiscardDeadLetterDto, FallbackDeadLetterDto, RetryDeadLetterDto } from './resolution.dto.js';
import type { ResolutionWish } from './resolution.js';

const ID = { name: 'id', format: 'uuid' };
const DeadLetterId = () => Param('id', new UuidPipe('dead letter'));

/** The review queue: notifications that no automatic step can help, until a human resolves them. */
@ApiTags('dead-letters')
@Controller('v1/admin/dead-letters')
@Scopes('admin')
export class DeadLettersController {
  constructor(
    private readonly queue: DeadLetterQueue,
    private readonly resolver: DeadLetterResolver,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The review queue, newest first' })
  @ApiOkResponse({ type: DeadLetterPage })
  @Problems('validation-failed')
  async list(@Query() query: DeadLettersQuery): Promise<Page<DeadLetterDto>> {
    return await this.queue.page(query);
  }

  @Get(':id')
  @ApiOperation({ summary: 'One dead letter with what is needed to decide about it' })
  @ApiParam(ID)
  @ApiOkResponse({ type: DeadLetterDetailDto })
  @Problems('not-found')
  async find(@DeadLetterId() id: string): Promise<DeadLetterDetailDto> {
    return await this.queue.find(id);
  }

  @Post(':id/retry')
  @HttpCode(200)
  @ApiOperation({ summary: 'Send it again on the channel that failed, as it was or corrected' })
  @ApiParam(ID)
  @BodyExamples(RetryDeadLetterDto, {
    'As it was': { note: 'The number is permitted now.' },
    'To a corrected number': { changes: { to: '+15551230001' }, note: 'A digit was missing.' },
  })
  @ApiOkResponse({ type: DeadLetterDto })
  @Problems(...BODY_PROBLEMS, 'not-found', 'already-resolved', 'conflict')
  @Problems('unprocessable', 'country-not-allowed', 'channel-not-configured')
  async retry(
    @DeadLetterId() id: string,
    @Body() { changes, note }: RetryDeadLetterDto,
    @CurrentCaller() caller: Caller,
  ): Promise<DeadLetterDto> {
    const corrections = correctionsOf(changes);
    return await this.resolve(id, { kind: 'retry', ...(corrections ? { corrections } : {}) }, note, caller);
  }

  @Post(':id/fallback')
  @HttpCode(200)
  @ApiOperation({ summary: 'Send it on another channel' })
  @ApiParam(ID)
  @BodyExamples(FallbackDeadLetterDto, { 'As a call': { channel: 'voice', note: 'No SMS gets through.' } })
  @ApiOkResponse({ type: DeadLetterDto })
  @Problems(...BODY_PROBLEMS, 'not-found', 'already-resolved', 'conflict', 'unprocessable', 'channel-not-configured')
  async fallback(
    @DeadLetterId() id: string,
    @Body() { channel, note }: FallbackDeadLetterDto,
    @CurrentCaller() caller: Caller,
  ): Promise<DeadLetterDto> {
    return await this.resolve(id, { kind: 'fallback', channel }, note, caller);
  }

  @Post(':id/discard')
  @HttpCode(200)
  @ApiOperation({ summary: 'Close it: nothing more is sent' })
  @ApiParam(ID)
  @BodyExamples(DiscardDeadLetterDto, { 'With a note': { note: 'The order was cancelled.' } })
  @ApiOkResponse({ type: DeadLetterDto })
  @Problems(...BODY_PROBLEMS, 'not-found', 'already-resolved')
  async discard(
    @DeadLetterId() id: string,
    @Body() { note }: DiscardDeadLetterDto,
    @CurrentCaller() caller: Caller,
  ): Promise<DeadLetterDto> {
    return await this.resolve(id, { kind: 'discard' }, note, caller);
  }

  private async resolve(id: string, wish: ResolutionWish, note: string | null | undefined, { name }: Caller) {
    return toDeadLetterDto(await this.resolver.resolve(id, wish, { actor: name, note: note ?? null }));
  }
}
