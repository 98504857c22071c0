import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ChannelsModule } from '../channels/channels.module.js';
import { NotificationsModule } from '../notifications/notifications.module.js';
import { ErrorCodesModule } from '../twilio/error-codes/error-codes.module.js';
import { DecisionRecord } from './decision.entity.js';
import { DecisionLog } from './decision.log.js';
import { ExplainController } from './explain.controller.js';
import { ExplainService } from './explain.service.js';

/** Records decisions, and presents them as an explanation. */
@Module({
  imports: [ChannelsModule, ErrorCodesModule, NotificationsModule, TypeOrmModule.forFeature([DecisionRecord])],
  controllers: [ExplainController],
  providers: [DecisionLog, ExplainService],
  exports: [DecisionLog],
})
export class ExplainModule {}
