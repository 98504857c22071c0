import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { Scopes } from '../access/access.decorator.js';
import type { Caller } from '../access/caller.js';
import { CurrentCaller } from '../access/current-caller.decorator.js';
import { type Page, PageQuery } from '../http/pagination.js';
import { UuidPipe } from '../http/uuid.pipe.js';
import { BodyExamples } from '../openapi/body-examples.decorator.js';
import { BODY_PROBLEMS, Problems } from '../openapi/problems.decorator.js';
import { CircuitCommands } from './circuit.commands.js';
import { CircuitDto, CircuitPage, CloseCircuit, OpenCircuit } from './circuits.dto.js';

@ApiTags('circuits')
@Controller('v1/admin/circuits')
@Scopes('admin')
export class CircuitsController {
  constructor(private readonly commands: CircuitCommands) {}

  @Get()
  @ApiOperation({ summary: 'Whether sends of each account, resource and sender may go out now, and what waits' })
  @ApiOkResponse({ type: CircuitPage })
  @Problems('validation-failed')
  async list(@Query() query: PageQuery): Promise<Page<CircuitDto>> {
    return await this.commands.list(query);
  }

  @Post(':id/open')
  @HttpCode(200)
  @ApiOperation({ summary: 'Stop the sends of a scope, on every replica, until an operator closes the circuit' })
  @BodyExamples(OpenCircuit, { 'With a reason': { reason: 'A wrong template is being corrected.' } })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOkResponse({ type: CircuitDto })
  @Problems(...BODY_PROBLEMS, 'not-found')
  async open(
    @Param('id', new UuidPipe('circuit')) id: string,
    @Body() { reason, note }: OpenCircuit,
    @CurrentCaller() caller: Caller,
  ): Promise<CircuitDto> {
    return await this.commands.open(id, { reason: reason ?? null, note: note ?? null }, caller.name);
  }

  @Post(':id/close')
  @HttpCode(200)
  @ApiOperation({ summary: 'Let the sends of a scope out again; what was held goes first, in growing steps' })
  @BodyExamples(CloseCircuit, { 'With a note': { note: 'The template is right again.' } })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOkResponse({ type: CircuitDto })
  @Problems(...BODY_PROBLEMS, 'not-found')
  async close(
    @Param('id', new UuidPipe('circuit')) id: string,
    @Body() { note }: CloseCircuit,
    @CurrentCaller() caller: Caller,
  ): Promise<CircuitDto> {
    return await this.commands.close(id, note ?? null, caller.name);
  }
}
