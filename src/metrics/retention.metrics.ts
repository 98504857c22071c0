import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';
import { Retention, ROUND_ENDS } from '../retention/retention.service.js';

/** Whether old data is deleted. */
@Injectable()
export class RetentionMetrics implements OnModuleInit {
  private readonly rounds: Counter<'result'>;

  constructor(
    private readonly retention: Retention,
    registry: Registry,
  ) {
    this.rounds = new Counter({
      name: 'postrider_retention_rounds_total',
      help: 'Rounds that delete old data, by how they ended; elsewhere: another replica was at it.',
      labelNames: ['result'],
      registers: [registry],
    });
  }

  onModuleInit(): void {
    for (const result of ROUND_ENDS) this.rounds.inc({ result }, 0);
    this.retention.subscribe((result) => this.rounds.inc({ result }));
  }
}
