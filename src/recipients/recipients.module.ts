import { Module } from '@nestjs/common';
import { RecipientMemory } from './recipient-memory.js';
import { SuppressionsController } from './suppressions.controller.js';

/** What is remembered of recipients: who opted out of which sender, and who is not on which channel. */
@Module({
  controllers: [SuppressionsController],
  providers: [RecipientMemory],
  exports: [RecipientMemory],
})
export class RecipientsModule {}
