import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { HealthIndicators, type HealthIndicator, type HealthReport } from '../health/health-indicators.js';
import { Outbox } from '../outbox/outbox.js';
import { Dispatcher } from './dispatcher.service.js';

/** How far dispatch is behind: the oldest due work of all replicas, and what this one has in flight. */
@Injectable()
export class DispatcherIndicator implements HealthIndicator, OnModuleInit {
  readonly name = 'dispatcher';

  constructor(
    private readonly outbox: Outbox,
    private readonly dispatcher: Dispatcher,
    private readonly indicators: HealthIndicators,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  onModuleInit(): void {
    this.indicators.register(this);
  }

  async check(): Promise<HealthReport> {
    const backlog = await this.outbox.backlog();
    const lagSeconds = Math.max(0, ...backlog.map(({ oldestSeconds }) => oldestSeconds));
    return {
      up: lagSeconds <= this.configuration.env.BACKLOG_ALERT_SECONDS,
      details: {
        lagSeconds: Math.round(lagSeconds * 10) / 10,
        due: backlog.reduce((sum, { depth }) => sum + depth, 0),
        inFlight: this.dispatcher.inFlight,
      },
    };
  }
}
