import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, LessThan, Not, Repository } from 'typeorm';
import { Scopes } from '../access/access.decorator.js';
import type { Caller } from '../access/caller.js';
import { CurrentCaller } from '../access/current-caller.decorator.js';
import { type Page, pageById } from '../http/pagination.js';
import { UuidPipe } from '../http/uuid.pipe.js';
import { BodyExamples } from '../openapi/body-examples.decorator.js';
import { BODY_PROBLEMS, Problems } from '../openapi/problems.decorator.js';
import { notFound } from '../problems/problem.js';
import { Alert } from './alert.entity.js';
import { AlertDto, AlertPage, AlertsQuery, TestAlertDto, toAlertDto } from './alerts.dto.js';
import { TestAlerts } from './test-alerts.js';

@ApiTags('alerts')
@Controller('v1/admin/alerts')
@Scopes('admin')
export class AlertsController {
  constructor(
    @InjectRepository(Alert) private readonly alerts: Repository<Alert>,
    private readonly tests: TestAlerts,
  ) {}

  @Get()
  @ApiOperation({ summary: 'What on-call heard of, newest first, with what each sink was told' })
  @ApiOkResponse({ type: AlertPage })
  @Problems('validation-failed')
  async list(@Query() query: AlertsQuery): Promise<Page<AlertDto>> {
    const { state, severity, kind } = query;
    return await pageById('alerts', query, async (before, most) => {
      const alerts = await this.alerts.find({
        where: {
          ...(before === null ? {} : { id: LessThan(before) }),
          ...(state === undefined ? {} : { resolvedAt: state === 'open' ? IsNull() : Not(IsNull()) }),
          ...(severity === undefined ? {} : { severity }),
          ...(kind === undefined ? {} : { kind }),
        },
        relations: { deliveries: true },
        order: { id: 'DESC' },
        take: most,
      });
      return alerts.map(toAlertDto);
    });
  }

  @Get(':id')
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOperation({ summary: 'One alert, with what each sink was told' })
  @ApiOkResponse({ type: AlertDto })
  @Problems('not-found')
  async find(@Param('id', new UuidPipe('alert')) id: string): Promise<AlertDto> {
    return await this.show(id);
  }

  @Post('test')
  @HttpCode(202)
  @ApiOperation({
    summary:
      'Tell every configured sink of a test alert, which ends by itself; ask for it by its id to see what each answered',
  })
  @BodyExamples(TestAlertDto, { 'A critical alert': { severity: 'critical', note: 'after the first deployment' } })
  @ApiAcceptedResponse({ type: AlertDto })
  @Problems(...BODY_PROBLEMS, 'conflict')
  async test(@Body() { severity, note }: TestAlertDto, @CurrentCaller() caller: Caller): Promise<AlertDto> {
    return await this.show(await this.tests.raise(severity ?? 'critical', note ?? null, caller.name));
  }

  private async show(id: string): Promise<AlertDto> {
    const alert = await this.alerts.findOne({ where: { id }, relations: { deliveries: true } });
    if (!alert) throw notFound('alert');
    return toAlertDto(alert);
  }
}
