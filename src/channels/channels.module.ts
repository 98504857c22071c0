import { Module } from '@nestjs/common';
import { FallbackService } from './fallback.service.js';
import { Senders } from './senders.js';

@Module({ providers: [FallbackService, Senders], exports: [FallbackService, Senders] })
export class ChannelsModule {}
