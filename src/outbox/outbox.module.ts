import { Module } from '@nestjs/common';
import { Outbox } from './outbox.js';
import { WakeUp } from './wake-up.js';

@Module({ providers: [Outbox, WakeUp], exports: [Outbox, WakeUp] })
export class OutboxModule {}
