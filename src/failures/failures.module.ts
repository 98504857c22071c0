import { Module } from '@nestjs/common';
import { ErrorCodesModule } from '../twilio/error-codes/error-codes.module.js';
import { ErrorCatalogueController } from './error-catalogue.controller.js';
import { ErrorCatalogue } from './error-catalogue.js';
import { FailureHistory } from './failure.history.js';
import { FailureSummary } from './failure.summary.js';
import { FailuresController } from './failures.controller.js';

/** What failed, how often, and what the provider's codes mean. Read-only. */
@Module({
  imports: [ErrorCodesModule],
  controllers: [FailuresController, ErrorCatalogueController],
  providers: [FailureHistory, FailureSummary, ErrorCatalogue],
  exports: [FailureHistory],
})
export class FailuresModule {}
