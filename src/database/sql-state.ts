/** A server that takes no writes: a former primary after a failover, or one whose disk is almost full. */
export const READ_ONLY = '25006';

/** lock_timeout has ended the wait for a row or table that somebody else has locked. */
export const LOCK_NOT_AVAILABLE = '55P03';

/**
 * The SQLSTATE of an error of the database; null if it has none. If the connection failed, node-postgres puts the
 * operating system's code in its place, such as ECONNRESET.
 */
export function sqlStateOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** A new connection may lead to a server that takes writes. */
export function isReadOnlyDatabase(error: unknown): error is Error {
  return sqlStateOf(error) === READ_ONLY;
}

export function isLockTimeout(error: unknown): boolean {
  return sqlStateOf(error) === LOCK_NOT_AVAILABLE;
}
