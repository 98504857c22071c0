import { Module } from '@nestjs/common';
import { ChannelsModule } from '../channels/channels.module.js';
import { ExplainModule } from '../explain/explain.module.js';
import { FailuresModule } from '../failures/failures.module.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { ErrorCodesModule } from '../twilio/error-codes/error-codes.module.js';
import { DeadLetterQueue } from './dead-letter.queue.js';
import { DeadLetterResolver } from './dead-letter.resolver.js';
import { DeadLetterWithdrawal } from './dead-letter.withdrawal.js';
import { DeadLettersController } from './dead-letters.controller.js';
import { ReplayKeeper } from './replays/replay.keeper.js';
import { ReplayPreview } from './replays/replay.preview.js';
import { ReplaySelections } from './replays/replay.selections.js';
import { ReplayStep } from './replays/replay.step.js';
import { ReplaysController } from './replays/replays.controller.js';
import { Replays } from './replays/replays.js';

/** The review queue, its resolutions and its replays. */
@Module({
  imports: [ChannelsModule, ErrorCodesModule, ExplainModule, FailuresModule, OutboxModule],
  controllers: [ReplaysController, DeadLettersController],
  providers: [
    DeadLetterQueue,
    DeadLetterResolver,
    DeadLetterWithdrawal,
    Replays,
    ReplayPreview,
    ReplaySelections,
    ReplayStep,
    ReplayKeeper,
  ],
  exports: [DeadLetterWithdrawal],
})
export class DeadLettersModule {}
