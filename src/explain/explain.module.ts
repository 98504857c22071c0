import { Module } from '@nestjs/common';
import { DecisionLog } from './decision.log.js';

@Module({ providers: [DecisionLog], exports: [DecisionLog] })
export class ExplainModule {}
