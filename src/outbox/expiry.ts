import { plainArray } from '../database/array-literal.js';
import type { StatementRunner } from '../database/database.js';
import { END_EXPIRED, LOCK_EXPIRED } from './expire.sql.js';
import type { ExpiredWork } from './work.js';

/** Ends work whose expiresAt passed, at most `page` rows, in the caller's transaction. */
export async function endExpired(transaction: StatementRunner, page: number): Promise<ExpiredWork[]> {
  const expired = await transaction.run<{ id: string }>(LOCK_EXPIRED, [page]);
  if (expired.length === 0) return [];
  return transaction.run<ExpiredWork>(END_EXPIRED, [plainArray(expired.map(({ id }) => id))]);
}
