import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { GroupedWrites } from '../database/grouped-writes.js';
import { FIND_BY_KEY } from './enqueue.sql.js';
import type { AcceptedNotification, KeyedRequest, RepeatedResult } from './work.js';

type KeyRow = AcceptedNotification & { clientId: string; requestHash: Buffer };

/** What the keys of requests were used for before. Asked for together, as a batch of a thousand would otherwise ask. */
@Injectable()
export class EarlierRequests {
  private readonly questions: GroupedWrites<KeyedRequest, RepeatedResult | null>;

  constructor(database: Database) {
    this.questions = new GroupedWrites(
      async (group) => {
        const originals = await findOriginals(database, group);
        return group.map((request) =>
          originals.has(scopedKey(request)) ? answerFromOriginal(request, originals) : null,
        );
      },
      { name: 'The look-up of idempotency keys', maxGroup: 500, maxWaiting: 10_000 },
    );
  }

  /**
   * For a request that cannot be stored as things are now. @returns null where its key is new.
   * @throws OverloadedError when more is asked than the database takes.
   */
  find(request: KeyedRequest): Promise<RepeatedResult | null> {
    return this.questions.add(request);
  }
}

/** The notifications that have the keys of these requests. */
export async function findOriginals(
  database: Database,
  requests: readonly KeyedRequest[],
): Promise<ReadonlyMap<string, KeyRow>> {
  if (requests.length === 0) return new Map();
  const rows = await database.run<KeyRow>(FIND_BY_KEY, [
    requests.map((request) => request.clientId),
    requests.map((request) => request.idempotencyKey),
  ]);
  return new Map(rows.map((row) => [scopedKey(row), row]));
}

/** @param originals from {@link findOriginals}; this request's is among them */
export function answerFromOriginal(request: KeyedRequest, originals: ReadonlyMap<string, KeyRow>): RepeatedResult {
  const original = originals.get(scopedKey(request));
  if (!original) throw new Error('A notification was neither stored nor found by its key');
  return original.requestHash.equals(request.requestHash)
    ? { kind: 'replayed', notification: original }
    : { kind: 'conflict', id: original.id };
}

function scopedKey(row: Pick<KeyedRequest, 'clientId' | 'idempotencyKey'>): string {
  return `${row.clientId} ${row.idempotencyKey}`;
}
