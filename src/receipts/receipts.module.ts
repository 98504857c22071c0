import { Module } from '@nestjs/common';
import { CallbacksModule } from '../callbacks/callbacks.module.js';
import { ExplainModule } from '../explain/explain.module.js';
import { IncidentsModule } from '../incidents/incidents.module.js';
import { MissingReceipts } from './missing-receipts.service.js';
import { OverdueReceipt } from './overdue.receipt.js';
import { ReceiptQuestion } from './receipt.question.js';

/** Asks the provider for what callbacks should have reported. */
@Module({
  imports: [CallbacksModule, ExplainModule, IncidentsModule],
  providers: [MissingReceipts, OverdueReceipt, ReceiptQuestion],
  exports: [OverdueReceipt, ReceiptQuestion],
})
export class ReceiptsModule {}
