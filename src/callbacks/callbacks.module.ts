import { Module } from '@nestjs/common';
import { ChannelsModule } from '../channels/channels.module.js';
import { DeadLettersModule } from '../dead-letters/dead-letters.module.js';
import { ExplainModule } from '../explain/explain.module.js';
import { IncidentsModule } from '../incidents/incidents.module.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { RecipientsModule } from '../recipients/recipients.module.js';
import { CallbackIntake } from './callback.intake.js';
import { CallbackJournal } from './callback.journal.js';
import { CallbacksController } from './callbacks.controller.js';
import { InboundController } from './inbound.controller.js';
import { ReportApplier } from './report.applier.js';
import { SignatureGuard } from './signature.guard.js';

/** Hears what became of an accepted message or call. */
@Module({
  imports: [ChannelsModule, DeadLettersModule, ExplainModule, IncidentsModule, OutboxModule, RecipientsModule],
  controllers: [CallbacksController, InboundController],
  providers: [CallbackIntake, CallbackJournal, ReportApplier, SignatureGuard],
  exports: [CallbackJournal, ReportApplier],
})
export class CallbacksModule {}
