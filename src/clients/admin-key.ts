import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { AuditLog } from '../audit/audit-log.js';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { InvalidEnvironmentError } from '../config/environment.error.js';
import { Database, type Transaction } from '../database/database.js';
import { LOGGER } from '../logging/logger.js';
import { ADMIN_KEY_NAME } from './api-key.entity.js';
import { hashOf } from './api-key.secret.js';
import { ENSURE_CLIENT, FORGET_KEYS, INSTALL_KEY, IS_IN_FORCE, REVOKE_PREDECESSORS } from './api-key.statements.js';
import { SCOPES } from './scope.js';

const ADMIN_CLIENT = 'admin';

const ACTOR = 'system/start';

/**
 * Makes ADMIN_API_KEY the one such key, with every scope. Another value replaces the key before; no value leaves it,
 * since replicas without it (workers) share the database with those that have it.
 */
@Injectable()
export class AdminKey implements OnModuleInit {
  constructor(
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    private readonly database: Database,
    private readonly audit: AuditLog,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    const { adminApiKey } = this.configuration;
    if (adminApiKey === null) return;
    const changed = await this.database.transaction((transaction) => this.install(transaction, hashOf(adminApiKey)));
    if (changed) this.log.info('ADMIN_API_KEY is now the admin key');
  }

  private async install(transaction: Transaction, hash: Buffer): Promise<boolean> {
    const [client] = await transaction.run<{ id: string }>(ENSURE_CLIENT, [ADMIN_CLIENT]);
    const key = [client?.id, ADMIN_KEY_NAME, hash];
    const [inForce] = await transaction.run(IS_IN_FORCE, [...key, SCOPES]);
    const replaced = await transaction.run<{ id: string }>(REVOKE_PREDECESSORS, key);
    for (const { id } of replaced) await this.record(transaction, 'api_key.revoked', id);
    if (!inForce) {
      const [installed] = await transaction.run<{ id: string }>(INSTALL_KEY, [...key, SCOPES]);
      if (!installed) {
        throw new InvalidEnvironmentError([{ variable: ADMIN_KEY_NAME, expected: 'a secret that no other key has' }]);
      }
      await this.record(transaction, 'api_key.created', installed.id);
    }
    if (replaced.length > 0) await transaction.run(FORGET_KEYS);
    return !inForce || replaced.length > 0;
  }

  private async record(transaction: Transaction, action: string, subjectId: string): Promise<void> {
    const after = { name: ADMIN_KEY_NAME, scopes: SCOPES };
    await this.audit.record(transaction, { actor: ACTOR, action, subjectType: 'api_key', subjectId, after });
  }
}
