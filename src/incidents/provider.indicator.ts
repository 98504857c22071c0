import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CONFIGURATION, type Configuration } from '../config/configuration.js';
import { Database, type Statement } from '../database/database.js';
import { HealthIndicators, type HealthIndicator, type HealthReport } from '../health/health-indicators.js';
import { CircuitBoard } from './circuit.board.js';
import { kindOf } from './circuit.scope.js';

const RECENT_SECONDS = 60;

const RECENT_ATTEMPTS: Statement = {
  name: 'provider-recent-attempts',
  text: `
    SELECT coalesce(sum(attempts), 0)::int AS attempts, coalesce(sum(faults), 0)::int AS faults
    FROM provider_health WHERE at > service_now() - interval '${RECENT_SECONDS} seconds'`,
};

/**
 * Whether the provider can be reached, judged by recent attempts of all replicas; no request is made to find out. Down
 * while every recent attempt was a provider fault, or a circuit of an account or resource is not closed.
 */
@Injectable()
export class ProviderIndicator implements HealthIndicator, OnModuleInit {
  readonly name = 'provider';

  constructor(
    private readonly database: Database,
    private readonly board: CircuitBoard,
    private readonly indicators: HealthIndicators,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  onModuleInit(): void {
    this.indicators.register(this);
  }

  async check(): Promise<HealthReport> {
    const [recent] = await this.database.run<{ attempts: number; faults: number }>(RECENT_ATTEMPTS);
    const { attempts = 0, faults = 0 } = recent ?? {};
    const open = this.board.known().filter(({ circuit }) => circuit.state !== 'closed');
    const stopped = open.some(({ scope }) => kindOf(scope) !== 'sender');
    return {
      up: !stopped && (attempts === 0 || faults < attempts),
      details: {
        simulated: this.configuration.twilio.simulated,
        recentAttempts: attempts,
        recentFaults: faults,
        openCircuits: open.length,
      },
    };
  }
}
