import { Module } from '@nestjs/common';
import { EarlierRequests } from './earlier-requests.js';
import { NotificationIntake } from './notification.intake.js';
import { Outbox } from './outbox.js';
import { WakeUp } from './wake-up.js';

@Module({
  providers: [EarlierRequests, NotificationIntake, Outbox, WakeUp],
  exports: [EarlierRequests, NotificationIntake, Outbox, WakeUp],
})
export class OutboxModule {}
