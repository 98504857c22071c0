import { Module } from '@nestjs/common';
import { RetentionChunks } from './retention.chunks.js';
import { Retention } from './retention.service.js';

/** Deletes data whose retention period is over. */
@Module({ providers: [RetentionChunks, Retention], exports: [Retention] })
export class RetentionModule {}
