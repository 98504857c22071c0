import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { GroupedWrites } from '../database/grouped-writes.js';
import { FIND_BY_KEY } from './enqueue.sql.js';
import type { AcceptedNotification, KeyedRequest, RepeatedResult } from './work.js';

type KeyRow = AcceptedNotification & { clientId: string; requestHash: Buffer };

/** What the keys of requests were used for before. Looked up in groups, since a batch may ask for a thousand. */
@Injectable()
export class EarlierRequests {
  private readonly questions: GroupedWrites<KeyedRequest, RepeatedResult | null>;

  constructor(database: Database) {
    this.questions = new GroupedWrites((group) => findByKey(database, group), {
      name: 'The look-up of idempotency keys',
      maxGroup: 500,
      maxWaiting: 10_000,
    });
  }

  /**
   * For a request that was not stored, because its key is taken or something refuses it as things are now.
   * @returns null if its key is new.
   * @throws OverloadedError when more is asked than the database can take.
   */
  find(request: KeyedRequest): Promise<RepeatedResult | null> {
    return this.questions.add(request);
  }
}

/** Answers in the order of the requests. */
async function findByKey(
  database: Database,
  requests: readonly KeyedRequest[],
): Promise<readonly (RepeatedResult | null)[]> {
  const rows = await database.run<KeyRow>(FIND_BY_KEY, [
    requests.map((request) => request.clientId),
    requests.map((request) => request.idempotencyKey),
  ]);
  const originals = new Map(rows.map((row) => [scopedKey(row), row]));
  return requests.map((request) => {
    const original = originals.get(scopedKey(request));
    return original ? answerFromOriginal(request, original) : null;
  });
}

function answerFromOriginal(request: KeyedRequest, original: KeyRow): RepeatedResult {
  return original.requestHash.equals(request.requestHash)
    ? { kind: 'replayed', notification: original }
    : { kind: 'conflict', id: original.id };
}

function scopedKey(row: Pick<KeyedRequest, 'clientId' | 'idempotencyKey'>): string {
  return `${row.clientId} ${row.idempotencyKey}`;
}
