import { Controller, Get, Inject, UseFilters } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  HealthCheck,
  type HealthCheckResult,
  HealthCheckService,
  type HealthIndicatorResult,
  HealthIndicatorService,
} from '@nestjs/terminus';
import type { Logger } from 'pino';
import { Public } from '../access/access.decorator.js';
import { LateError, answerInTime } from '../concurrency/in-time.js';
import { LOGGER } from '../logging/logger.js';
import { loggableError } from '../problems/loggable-error.js';
import { DatabaseIndicator } from './database.indicator.js';
import { Draining } from './draining.js';
import { HealthFilter } from './health.filter.js';
import { type HealthIndicator, HealthIndicators, type HealthReport } from './health-indicators.js';

/** An indicator that takes longer than this is down, in milliseconds. */
const PATIENCE_MS = 1000;

/** For orchestrators and load balancers, in terminus's own format. */
@ApiTags('health')
@Controller('health')
@Public()
@UseFilters(HealthFilter)
export class HealthController {
  /** The checks in progress, by indicator: see {@link question}. */
  private readonly asking = new Map<HealthIndicator, Promise<HealthReport>>();

  constructor(
    private readonly health: HealthCheckService,
    private readonly results: HealthIndicatorService,
    private readonly indicators: HealthIndicators,
    private readonly database: DatabaseIndicator,
    private readonly draining: Draining,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** Not through terminus's check, which fails while shutting down: the process is alive and must not be killed. */
  @Get('live')
  @ApiOperation({ summary: 'Whether the process runs; says nothing of what it depends on' })
  @HealthCheck()
  live(): HealthCheckResult {
    const info = this.results.check('process').up({ uptimeSeconds: Math.round(process.uptime()) });
    return { status: 'ok', info, error: {}, details: info };
  }

  @Get('ready')
  @ApiOperation({ summary: 'Whether to send requests here: not while draining, not without the database' })
  @HealthCheck()
  async ready(): Promise<HealthCheckResult> {
    return await this.health.check([() => this.ask(this.database), () => this.accepting()]);
  }

  @Get()
  @ApiOperation({ summary: 'Every indicator' })
  @HealthCheck()
  async everything(): Promise<HealthCheckResult> {
    return await this.health.check(this.indicators.all().map((indicator) => () => this.ask(indicator)));
  }

  private accepting(): HealthIndicatorResult {
    const result = this.results.check('accepting');
    return this.draining.active ? result.down('draining') : result.up();
  }

  private async ask(indicator: HealthIndicator): Promise<HealthIndicatorResult> {
    const result = this.results.check(indicator.name);
    try {
      const report = await answerInTime(this.question(indicator), PATIENCE_MS);
      return report.up ? result.up(report.details) : result.down(report.details);
    } catch (error) {
      this.log.warn({ indicator: indicator.name, err: loggableError(error) }, 'a health indicator failed');
      return result.down(error instanceof LateError ? error.message : 'failed; the log says why');
    }
  }

  /**
   * Shares a check that is still running: /health needs no key, and however often it is called, a stuck database gets
   * only one query of each kind.
   */
  private question(indicator: HealthIndicator): Promise<HealthReport> {
    const asked = this.asking.get(indicator);
    if (asked) return asked;
    const asking = indicator.check().finally(() => this.asking.delete(indicator));
    this.asking.set(indicator, asking);
    return asking;
  }
}
