import { Global, Module } from '@nestjs/common';
import { FailedRequests } from './failed-requests.js';

/** What everything that answers requests shares. */
@Global()
@Module({ providers: [FailedRequests], exports: [FailedRequests] })
export class ProblemsModule {}
