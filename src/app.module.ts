import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from 'pino';
import { AlertsModule } from './alerts/alerts.module.js';
import { AuditModule } from './audit/audit.module.js';
import { CallbacksModule } from './callbacks/callbacks.module.js';
import { ClientsModule } from './clients/clients.module.js';
import { ConfigModule } from './config/config.module.js';
import { CONFIGURATION, type Configuration } from './config/configuration.js';
import { DatabaseModule } from './database/database.module.js';
import { DeadLettersModule } from './dead-letters/dead-letters.module.js';
import { DispatchModule } from './dispatch/dispatch.module.js';
import { FailuresModule } from './failures/failures.module.js';
import { HealthModule } from './health/health.module.js';
import { IncidentsModule } from './incidents/incidents.module.js';
import { LoggingModule } from './logging/logging.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { NotificationsModule } from './notifications/notifications.module.js';
import { ProblemsModule } from './problems/problems.module.js';
import { ReceiptsModule } from './receipts/receipts.module.js';
import { RetentionModule } from './retention/retention.module.js';
import { ErrorCodesModule } from './twilio/error-codes/error-codes.module.js';
import { TwilioModule } from './twilio/twilio.module.js';

/** The application: all its modules, roughly in the order in which a notification passes through them. */
@Module({})
export class AppModule {
  static register(configuration: Configuration, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.register(configuration),
        LoggingModule.register(logger),
        ProblemsModule,
        DatabaseModule,
        ErrorCodesModule,
        {
          // Several modules use the Twilio client: dispatch, reconciliation, incidents.
          global: true,
          ...TwilioModule.register({
            inject: [CONFIGURATION],
            useFactory: ({ twilio }: Configuration) => twilio,
          }),
        },
        ClientsModule,
        AuditModule,
        NotificationsModule,
        DispatchModule,
        CallbacksModule,
        ReceiptsModule,
        DeadLettersModule,
        FailuresModule,
        IncidentsModule,
        RetentionModule,
        AlertsModule,
        MetricsModule,
        HealthModule,
      ],
    };
  }
}
