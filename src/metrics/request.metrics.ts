import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';
import { FailedRequests, OWN_FAILURES } from '../problems/failed-requests.js';

/** Whether callers and the provider's callbacks get answers. */
@Injectable()
export class RequestMetrics implements OnModuleInit {
  private readonly failed: Counter<'problem'>;

  constructor(
    private readonly failures: FailedRequests,
    registry: Registry,
  ) {
    this.failed = new Counter({
      name: 'postrider_requests_failed_total',
      help: 'Requests that failed through no fault of the caller, wholly or for items of a batch, by problem type.',
      labelNames: ['problem'],
      registers: [registry],
    });
  }

  onModuleInit(): void {
    for (const problem of OWN_FAILURES) this.failed.inc({ problem }, 0);
    this.failures.subscribe((problem) => this.failed.inc({ problem }));
  }
}
