import { Injectable } from '@nestjs/common';
import { bytesArray } from '../database/array-literal.js';
import { Database } from '../database/database.js';
import { GroupedWrites } from '../database/grouped-writes.js';
import { Listener } from '../database/listener.js';
import { hashTextOf } from './api-key.secret.js';
import { FIND_KEYS } from './api-key.sql.js';
import type { Caller } from '../access/caller.js';
import { KeyUse } from './key-use.js';
import type { Scope } from '../access/scope.js';

/** How long a key is cached, in milliseconds: a revocation whose NOTIFY is lost takes effect after this time. */
const MAX_AGE_MS = 5000;
const MOST_KNOWN = 10_000;

/** No key is longer; nobody should be able to make this service hash megabytes. */
const LONGEST_SECRET = 512;

interface Known {
  readonly caller: Caller;
  readonly since: number;
}

interface KeyRow {
  readonly id: string;
  readonly client_id: string;
  readonly scopes: Scope[];
  readonly secret_hash: Buffer;
  readonly caller_name: string;
}

/** Finds the caller that a secret belongs to. Callers are cached for a moment; unknown secrets never are. */
@Injectable()
export class ApiKeyAuthenticator {
  /** By the hash of the secret in base64, oldest first. Replaced as a whole to forget all keys. */
  private known = new Map<string, Known>();
  private readonly lookingUp = new Map<string, Promise<Caller | null>>();
  /** By one statement at a time: anybody can ask for any number of secrets, and others need the connections. */
  private readonly questions: GroupedWrites<string, KeyRow | null>;

  constructor(
    database: Database,
    private readonly keyUse: KeyUse,
    listener: Listener,
  ) {
    this.questions = new GroupedWrites((hashes) => findKeys(database, hashes), {
      name: 'The look-up of API keys',
      maxGroup: 500,
      maxWaiting: 10_000,
    });
    listener.on('postrider_keys', () => this.forget());
  }

  /**
   * @returns the caller, at once if cached; null for a secret that is unknown or revoked. Rejects with an OverloadedError
   * when more is asked than the database can take.
   */
  authenticate(secret: string): Caller | Promise<Caller | null> | null {
    if (secret.length > LONGEST_SECRET) return null;
    const hash = hashTextOf(secret);
    const known = this.known.get(hash);
    if (known && performance.now() - known.since < MAX_AGE_MS) {
      this.keyUse.note(known.caller.keyId);
      return known.caller;
    }
    return this.lookUpOnce(hash);
  }

  forget(): void {
    this.known = new Map();
    this.lookingUp.clear();
  }

  /** Concurrent requests with the same secret ask for it once. */
  private lookUpOnce(hash: string): Promise<Caller | null> {
    const asked = this.lookingUp.get(hash);
    if (asked) return asked;
    const asking = this.lookUp(hash).finally(() => {
      if (this.lookingUp.get(hash) === asking) this.lookingUp.delete(hash);
    });
    this.lookingUp.set(hash, asking);
    return asking;
  }

  private async lookUp(hash: string): Promise<Caller | null> {
    // The result goes into the map of this moment: a revocation that comes while the database answers replaces the map.
    const { known } = this;
    const since = performance.now();
    const row = await this.questions.add(hash);
    known.delete(hash);
    if (!row) return null;
    const caller = { clientId: row.client_id, keyId: row.id, name: row.caller_name, scopes: new Set(row.scopes) };
    known.set(hash, { caller, since });
    const [oldest] = known.keys();
    if (known.size > MOST_KNOWN && oldest !== undefined) known.delete(oldest);
    this.keyUse.note(caller.keyId);
    return caller;
  }
}

/** Answers in the order of the hashes. */
async function findKeys(database: Database, hashes: readonly string[]): Promise<readonly (KeyRow | null)[]> {
  const rows = await database.run<KeyRow>(FIND_KEYS, [bytesArray(hashes.map((hash) => Buffer.from(hash, 'base64')))]);
  const byHash = new Map(rows.map((row) => [row.secret_hash.toString('base64'), row]));
  return hashes.map((hash) => byHash.get(hash) ?? null);
}
