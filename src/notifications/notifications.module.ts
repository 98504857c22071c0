import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Callback } from '../callbacks/callback.entity.js';
import { ChannelsModule } from '../channels/channels.module.js';
import { DeadLetter } from '../dead-letters/dead-letter.entity.js';
import { FailureRecord } from '../failures/failure.entity.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { Attempt } from './attempt.entity.js';
import { BatchService } from './batch.service.js';
import { Delivery } from './delivery.entity.js';
import { Notification } from './notification.entity.js';
import { NotificationReader } from './notification.reader.js';
import { NotificationsController } from './notifications.controller.js';
import { NotificationsService } from './notifications.service.js';

/** The API through which clients send notifications and look them up. */
@Module({
  imports: [
    ChannelsModule,
    OutboxModule,
    TypeOrmModule.forFeature([Notification, Delivery, Attempt, FailureRecord, Callback, DeadLetter]),
  ],
  controllers: [NotificationsController],
  providers: [BatchService, NotificationsService, NotificationReader],
  exports: [NotificationReader],
})
export class NotificationsModule {}
