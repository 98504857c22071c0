import { Module } from '@nestjs/common';
import { RecipientMemory } from './recipient-memory.js';
import { SuppressionsController } from './suppressions.controller.js';

/** Remembers recipients' opt-outs from senders, and which channels they are not on. */
@Module({
  controllers: [SuppressionsController],
  providers: [RecipientMemory],
  exports: [RecipientMemory],
})
export class RecipientsModule {}
