import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { AuditLog } from '../audit/audit-log.js';
import { isSystemName, SYSTEM } from '../audit/system.actor.js';
import { Database, type Transaction } from '../database/database.js';
import { type Page, type PageQuery, pageById } from '../http/pagination.js';
import { Problem, invalidFields, notFound } from '../problems/problem.js';
import { ApiKeyAuthenticator } from './api-key.authenticator.js';
import { ApiKey } from './api-key.entity.js';
import { hashOf, newSecret } from './api-key.secret.js';
import { CREATE_CLIENT, CREATE_KEY, FIND_CLIENT, FORGET_KEYS, KEY_EXISTS, REVOKE_KEY } from './api-key.sql.js';
import { type ApiKeyDto, type CreateApiKey, type CreatedApiKeyDto, toApiKeyDto } from './api-keys.dto.js';
import type { Caller } from '../access/caller.js';

interface ClientRow {
  readonly id: string;
  readonly name: string;
}

/** Creates, lists and revokes keys. Each change and its audit entry are one transaction. */
@Injectable()
export class ApiKeys {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
    private readonly authenticator: ApiKeyAuthenticator,
    @InjectRepository(ApiKey) private readonly keys: Repository<ApiKey>,
  ) {}

  /**
   * @throws Problem `conflict` if the new client's name is taken, `validation-failed` if it is the service's own,
   *   `not-found` for an unknown clientId.
   */
  async create(wish: CreateApiKey, by: Caller): Promise<CreatedApiKeyDto> {
    const secret = newSecret();
    const { name, scopes } = wish;
    const created = await this.database.transaction(async (transaction) => {
      const client = await clientFor(transaction, wish);
      const [key] = await transaction.run<{ id: string; created_at: Date }>(CREATE_KEY, [
        client.id,
        name,
        scopes,
        hashOf(secret),
      ]);
      if (!key) throw new Error('an inserted API key did not come back');
      const state = { clientId: client.id, clientName: client.name, name, scopes };
      await this.audit.record(transaction, {
        actor: by.name,
        action: 'api_key.created',
        subjectId: key.id,
        after: state,
      });
      // If the client has another key of this name, that key's actor now ends with its id: see FIND_KEYS.
      if (wish.clientId) await transaction.run(FORGET_KEYS);
      return { id: key.id, ...state, createdAt: key.created_at.toISOString(), secret };
    });
    if (wish.clientId) this.authenticator.forget();
    return created;
  }

  /** Newest first, including revoked keys. */
  async list(query: PageQuery): Promise<Page<ApiKeyDto>> {
    return await pageById('api-keys', query, async (before, most) => {
      const select = this.keys
        .createQueryBuilder('key')
        .innerJoinAndSelect('key.client', 'client')
        .orderBy('key.id', 'DESC')
        .take(most);
      if (before !== null) select.where('key.id < :before', { before });
      return (await select.getMany()).map(toApiKeyDto);
    });
  }

  /**
   * Revokes a key at once on every replica. Revoking it again changes nothing.
   * @throws Problem `conflict` for the caller's own key, so that nobody locks themselves out by mistake.
   */
  async revoke(keyId: string, by: Caller): Promise<void> {
    if (keyId === by.keyId) {
      throw new Problem('conflict', { detail: 'A key cannot revoke itself. Revoke it with another admin key.' });
    }
    await this.database.transaction(async (transaction) => {
      const [revoked] = await transaction.run<{ name: string; revoked_at: Date }>(REVOKE_KEY, [keyId]);
      if (!revoked) {
        const [known] = await transaction.run(KEY_EXISTS, [keyId]);
        if (known) return;
        throw notFound('API key');
      }
      const { name, revoked_at: revokedAt } = revoked;
      await this.audit.record(transaction, {
        actor: by.name,
        action: 'api_key.revoked',
        subjectId: keyId,
        before: { name, revokedAt: null },
        after: { name, revokedAt },
      });
      await transaction.run(FORGET_KEYS);
    });
    this.authenticator.forget();
  }
}

async function clientFor(transaction: Transaction, { clientId, name }: CreateApiKey): Promise<ClientRow> {
  if (!clientId && isSystemName(name)) throw reservedName();
  const [client] = clientId
    ? await transaction.run<ClientRow>(FIND_CLIENT, [clientId])
    : await transaction.run<ClientRow>(CREATE_CLIENT, [name]);
  if (client) return client;
  if (clientId) throw notFound('client');
  throw new Problem('conflict', {
    detail: 'A client of this name exists. Name its clientId to give it another key, or choose another name.',
  });
}

function reservedName(): Problem {
  const detail = `must not be ${SYSTEM}, which is what the service itself acts as`;
  return invalidFields([{ pointer: '/name', detail }]);
}
