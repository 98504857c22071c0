import { Global, Module } from '@nestjs/common';
import { ERROR_CODE_TABLE, ERROR_CODE_TABLE_PROVIDER } from './error-code-table.js';

/** Provides the table of error codes in force to everything that classifies, explains or shows failures. */
@Global()
@Module({ providers: [ERROR_CODE_TABLE_PROVIDER], exports: [ERROR_CODE_TABLE] })
export class ErrorCodesModule {}
