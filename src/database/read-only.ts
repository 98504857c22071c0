/** SQLSTATE of a server that takes no writes: a former primary after a failover, or one whose disk is almost full. */
export const READ_ONLY = '25006';

/** Whether it says so. Another connection may lead to a server that does. */
export function isReadOnlyDatabase(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === READ_ONLY;
}
