import { LOCK_NOT_AVAILABLE, READ_ONLY, sqlStateOf } from '../database/sql-state.js';

/** Error codes of the operating system and of node-postgres's sockets. */
const CONNECTION_ERRORS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
]);

/**
 * SQLSTATEs after which the same request may well succeed a moment later: connection exceptions (08), a transaction that
 * stood still for too long (25P03), insufficient resources (53), operator intervention (57P), lock and serialization
 * trouble, no writes now. postgresql.org/docs/current/errcodes-appendix.html
 */
const PASSING_SQLSTATE = new RegExp(
  `^(?:08...|25P03|53...|57P..|57014|40001|40P01|${LOCK_NOT_AVAILABLE}|${READ_ONLY})$`,
);

/** node-postgres and TypeORM have no codes for these. */
const LOST_CONNECTION =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Cannot use a pool after calling end|Driver not Connected|Query read timeout|Query runner already released|Database connection provided by a query runner was already released)/;

/** Whether the database could not be reached or could not do this right now, through no fault of the caller. */
export function isPassingDatabaseFailure(error: unknown): boolean {
  if (!(error instanceof Error) || error.name === 'AxiosError') return false;
  const code = sqlStateOf(error) ?? '';
  if (PASSING_SQLSTATE.test(code) || (CONNECTION_ERRORS.has(code) && isOfSocket(error))) return true;
  return LOST_CONNECTION.test(error.message);
}

/** A missing file is ENOENT too: only errors of sockets and name look-ups count. */
function isOfSocket(error: Error): boolean {
  if (error instanceof AggregateError) return error.errors.some((inner) => inner instanceof Error && isOfSocket(inner));
  const call = 'syscall' in error ? error.syscall : undefined;
  return call === undefined || call === 'connect' || call === 'read' || call === 'write' || call === 'getaddrinfo';
}
