import { Module } from '@nestjs/common';
import { Senders } from './senders.js';

@Module({ providers: [Senders], exports: [Senders] })
export class ChannelsModule {}
