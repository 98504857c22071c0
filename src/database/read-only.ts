/** SQLSTATE of a server that takes no writes: a former primary after a failover, or one whose disk is almost full. */
export const READ_ONLY = '25006';

/** Whether an error says so. A new connection may lead to a server that takes writes. */
export function isReadOnlyDatabase(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === READ_ONLY;
}
