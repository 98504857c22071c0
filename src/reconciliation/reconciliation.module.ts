import { Module } from '@nestjs/common';
import { Reconciler } from './reconciler.js';

@Module({ providers: [Reconciler], exports: [Reconciler] })
export class ReconciliationModule {}
