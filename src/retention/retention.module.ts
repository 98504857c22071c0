import { Module } from '@nestjs/common';
import { RetentionChunks } from './retention.chunks.js';
import { Retention } from './retention.service.js';

/** Deletes what is kept no longer. */
@Module({ providers: [RetentionChunks, Retention], exports: [Retention] })
export class RetentionModule {}
