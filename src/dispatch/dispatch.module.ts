import { Module } from '@nestjs/common';
import { CallbacksModule } from '../callbacks/callbacks.module.js';
import { ChannelsModule } from '../channels/channels.module.js';
import { ExplainModule } from '../explain/explain.module.js';
import { IncidentsModule } from '../incidents/incidents.module.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { ReceiptsModule } from '../receipts/receipts.module.js';
import { RecipientsModule } from '../recipients/recipients.module.js';
import { ReconciliationModule } from '../reconciliation/reconciliation.module.js';
import { AttemptRunner } from './attempt.runner.js';
import { Caretaker } from './caretaker.service.js';
import { DispatcherIndicator } from './dispatcher.indicator.js';
import { Dispatcher } from './dispatcher.service.js';
import { Journal } from './journal.js';
import { OverdueFallback } from './overdue.fallback.js';
import { ReconcileRunner } from './reconcile.runner.js';
import { Recorder } from './recorder.js';

/** Takes due work and brings it to the provider. */
@Module({
  imports: [
    CallbacksModule,
    ChannelsModule,
    ExplainModule,
    IncidentsModule,
    OutboxModule,
    ReceiptsModule,
    RecipientsModule,
    ReconciliationModule,
  ],
  providers: [
    AttemptRunner,
    Caretaker,
    Dispatcher,
    DispatcherIndicator,
    Journal,
    OverdueFallback,
    ReconcileRunner,
    Recorder,
  ],
  exports: [Dispatcher, Journal],
})
export class DispatchModule {}
