import { plainArray } from '../database/array-literal.js';
import type { StatementRunner } from '../database/database.js';
import { END_EXPIRED, LOCK_EXPIRED } from './expire.sql.js';
import type { ExpiredWork } from './work.js';

/** The expired work of these notifications could not be ended; none of it has changed. */
export class ExpiryError extends Error {
  override readonly name = 'ExpiryError';

  constructor(
    readonly notificationIds: readonly string[],
    override readonly cause: unknown,
  ) {
    super(`Expired work of ${notificationIds.length} could not be ended`);
  }
}

/**
 * Ends work whose expiresAt has passed, at most `page` rows, in the caller's transaction.
 * @param except notifications to leave alone
 * @throws ExpiryError if one of them fails: they are ended together or not at all.
 */
export async function endExpired(
  transaction: StatementRunner,
  page: number,
  except: readonly string[] = [],
): Promise<ExpiredWork[]> {
  const expired = await transaction.run<{ id: string }>(LOCK_EXPIRED, [page, plainArray(except)]);
  if (expired.length === 0) return [];
  const ids = expired.map(({ id }) => id);
  try {
    return await transaction.run<ExpiredWork>(END_EXPIRED, [plainArray(ids)]);
  } catch (error) {
    throw new ExpiryError(ids, error);
  }
}
