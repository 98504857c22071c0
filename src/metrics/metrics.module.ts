import { Module } from '@nestjs/common';
import { Registry } from 'prom-client';
import { AlertsModule } from '../alerts/alerts.module.js';
import { CallbacksModule } from '../callbacks/callbacks.module.js';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { ReceiptsModule } from '../receipts/receipts.module.js';
import { RetentionModule } from '../retention/retention.module.js';
import { CallbackMetrics } from './callback.metrics.js';
import { DatabaseMetrics } from './database.metrics.js';
import { DispatchMetrics } from './dispatch.metrics.js';
import { FailureMetrics } from './failure.metrics.js';
import { FallbackMetrics } from './fallback.metrics.js';
import { MetricsController } from './metrics.controller.js';
import { ProcessMetrics } from './process.metrics.js';
import { DatabaseReadings } from './readings.js';
import { RequestMetrics } from './request.metrics.js';
import { RetentionMetrics } from './retention.metrics.js';

/** What on-call looks at: GET /metrics, from a registry that belongs to this application alone. */
@Module({
  imports: [AlertsModule, CallbacksModule, DispatchModule, OutboxModule, ReceiptsModule, RetentionModule],
  controllers: [MetricsController],
  providers: [
    { provide: Registry, useFactory: () => new Registry() },
    CallbackMetrics,
    DatabaseMetrics,
    DatabaseReadings,
    DispatchMetrics,
    FailureMetrics,
    FallbackMetrics,
    ProcessMetrics,
    RequestMetrics,
    RetentionMetrics,
  ],
})
export class MetricsModule {}
