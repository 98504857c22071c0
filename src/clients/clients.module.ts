import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Admission } from './admission.js';
import { AdminKey } from './admin-key.js';
import { ApiKeyAuthenticator } from './api-key.authenticator.js';
import { ApiKey } from './api-key.entity.js';
import { ApiKeyGuard } from './api-key.guard.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeys } from './api-keys.js';
import { Client } from './client.entity.js';
import { KeyUse } from './key-use.js';

/** Decides who may call what: guards every route of the application that imports it. */
@Module({
  imports: [TypeOrmModule.forFeature([Client, ApiKey])],
  controllers: [ApiKeysController],
  providers: [Admission, ApiKeys, ApiKeyAuthenticator, KeyUse, AdminKey, { provide: APP_GUARD, useClass: ApiKeyGuard }],
})
export class ClientsModule {}
