import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { DatabaseIndicator } from './database.indicator.js';
import { DiskIndicator } from './disk.indicator.js';
import { Draining } from './draining.js';
import { HealthController } from './health.controller.js';
import { HealthIndicators } from './health-indicators.js';
import { ProcessIndicator } from './process.indicator.js';

/** Health endpoints, the registry of indicators and the flag that says that this process is shutting down. */
@Global()
@Module({
  // HealthController logs failures itself.
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [Draining, HealthIndicators, DatabaseIndicator, DiskIndicator, ProcessIndicator],
  exports: [Draining, HealthIndicators],
})
export class HealthModule implements OnModuleInit {
  constructor(
    private readonly indicators: HealthIndicators,
    private readonly database: DatabaseIndicator,
    private readonly disk: DiskIndicator,
    private readonly process: ProcessIndicator,
  ) {}

  onModuleInit(): void {
    this.indicators.register(this.database);
    this.indicators.register(this.process);
    if (this.disk.watches) this.indicators.register(this.disk);
  }
}
