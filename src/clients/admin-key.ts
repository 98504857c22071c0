import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { AuditLog } from '../audit/audit-log.js';
import type { AuditAction } from '../audit/audited.js';
import { systemActor } from '../audit/system.actor.js';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { InvalidEnvironmentError } from '../config/environment.error.js';
import { Database, type Transaction } from '../database/database.js';
import { LOGGER } from '../logging/logger.js';
import { ADMIN_KEY_NAME } from './api-key.entity.js';
import { hashOf } from './api-key.secret.js';
import { ENSURE_CLIENT, FIND_INSTALLED, FORGET_KEYS, INSTALL_KEY, REVOKE_PREDECESSORS } from './api-key.sql.js';
import { SCOPES, type Scope } from '../access/scope.js';

const ADMIN_CLIENT = 'admin';

const ACTOR = systemActor('start');

interface Installed {
  readonly scopes: readonly Scope[];
  readonly revokedAt: Date | null;
  readonly replacedAtStart: boolean;
}

/** `revoked`: a human revoked it, so it does not become the admin key. */
type Installation = 'unchanged' | 'changed' | 'revoked';

/**
 * Makes ADMIN_API_KEY the only admin key, with every scope. A new value replaces the previous key, which comes back
 * when its value does; a key that a human revoked stays revoked. Without a value, nothing changes, since replicas
 * without it (workers) share the database with those that have it.
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
    const done = await this.database.transaction((transaction) => this.install(transaction, hashOf(adminApiKey)));
    if (done === 'changed') this.log.info('a new admin key is in force');
    if (done === 'revoked') {
      this.log.warn(
        'ADMIN_API_KEY was revoked through the API and stays so: give the variable another value to use it',
      );
    }
  }

  private async install(transaction: Transaction, hash: Buffer): Promise<Installation> {
    const [client] = await transaction.run<{ id: string }>(ENSURE_CLIENT, [ADMIN_CLIENT]);
    const key = [client?.id, ADMIN_KEY_NAME, hash];
    const [before] = await transaction.run<Installed>(FIND_INSTALLED, [...key, ACTOR]);
    if (before?.revokedAt && !before.replacedAtStart) return 'revoked';
    const inForce = before && !before.revokedAt && String(before.scopes) === String(SCOPES);
    const replaced = await transaction.run<{ id: string; revokedAt: Date }>(REVOKE_PREDECESSORS, key);
    for (const { id, revokedAt } of replaced) await this.record(transaction, 'api_key.revoked', id, { revokedAt });
    if (!inForce) {
      const [installed] = await transaction.run<{ id: string }>(INSTALL_KEY, [...key, SCOPES]);
      if (!installed) {
        throw new InvalidEnvironmentError([{ variable: ADMIN_KEY_NAME, expected: 'a secret that no other key has' }]);
      }
      const action = before ? 'api_key.reinstated' : 'api_key.created';
      const was = before ? { scopes: before.scopes, revokedAt: before.revokedAt } : null;
      await this.record(transaction, action, installed.id, { scopes: SCOPES, revokedAt: null }, was);
    }
    if (replaced.length > 0) await transaction.run(FORGET_KEYS);
    return inForce && replaced.length === 0 ? 'unchanged' : 'changed';
  }

  /** FIND_INSTALLED recognises a revocation recorded here by its missing `before`. */
  private async record(
    transaction: Transaction,
    action: AuditAction,
    subjectId: string,
    after: object,
    before: object | null = null,
  ): Promise<void> {
    await this.audit.record(transaction, {
      actor: ACTOR,
      action,
      subjectId,
      before,
      after: { name: ADMIN_KEY_NAME, ...after },
    });
  }
}
