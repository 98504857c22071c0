import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Logger } from 'pino';
import { CallbacksModule } from '../callbacks/callbacks.module.js';
import { CONFIGURATION, type Configuration } from '../config/configuration.js';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { LOGGER } from '../logging/logger.js';
import { IncidentsModule } from '../incidents/incidents.module.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { AlertCausesModule } from './alert-causes.module.js';
import { AlertCollector } from './alert.collector.js';
import { AlertCourier } from './alert.courier.js';
import { Alert, AlertDelivery } from './alert.entity.js';
import { AlertKeeper } from './alert.keeper.js';
import { AlertsController } from './alerts.controller.js';
import { BacklogWatch } from './backlog.watch.js';
import { TestAlerts } from './test-alerts.js';
import { configuredSinks } from './sinks/configured-sinks.js';
import { SINKS } from './sinks/sink.js';
import { SinkHttp } from './sinks/sink.http.js';

/** Tells on-call what they should know, once. */
@Module({
  imports: [
    AlertCausesModule,
    CallbacksModule,
    DispatchModule,
    IncidentsModule,
    OutboxModule,
    TypeOrmModule.forFeature([Alert, AlertDelivery]),
  ],
  controllers: [AlertsController],
  providers: [
    AlertCollector,
    AlertCourier,
    AlertKeeper,
    BacklogWatch,
    TestAlerts,
    { provide: SinkHttp, useFactory: () => new SinkHttp() },
    {
      provide: SINKS,
      inject: [CONFIGURATION, SinkHttp, LOGGER],
      useFactory: (configuration: Configuration, http: SinkHttp, log: Logger) =>
        configuredSinks(configuration, http, log),
    },
  ],
  exports: [SINKS],
})
export class AlertsModule {}
