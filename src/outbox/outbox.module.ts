import { Module } from '@nestjs/common';
import { EarlierRequests } from './earlier-requests.js';
import { Outbox } from './outbox.js';
import { WakeUp } from './wake-up.js';

@Module({ providers: [EarlierRequests, Outbox, WakeUp], exports: [EarlierRequests, Outbox, WakeUp] })
export class OutboxModule {}
