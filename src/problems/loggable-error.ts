import { isPassingDatabaseFailure } from './database-failure.js';

/**
 * What may be logged of an unexpected error: its kind and where it happened. Messages of databases and parsers quote
 * the data they failed on (numbers, bodies), and TypeORM's errors carry their parameters, so those stay out.
 */
export function loggableError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  return {
    name: error.name,
    ...pick(error, ['code', 'severity', 'schema', 'table', 'column', 'constraint', 'routine', 'syscall']),
    ...(quotesData(error) ? {} : { message: withoutNumbers(error.message) }),
    frames: framesOf(error),
    ...(error.cause === undefined ? {} : { cause: loggableError(error.cause) }),
  };
}

/**
 * Only the kind and the place, for faults that arose from handling a body or a number, since a message may quote it.
 * A database that cannot be reached quotes nothing, and without its words such a line would look like a fault of ours.
 */
export function faultWithoutWords(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return loggableError(error);
  const quotesNothing = isPassingDatabaseFailure(error) && !quotesData(error);
  return {
    name: error.name,
    ...pick(error, ['code']),
    ...(quotesNothing ? { message: withoutNumbers(error.message) } : {}),
    frames: framesOf(error),
  };
}

/** Skips the message before the frames, since its lines may look like frames. */
function framesOf({ stack = '', message }: Error): string[] {
  const end = stack.indexOf(message) + message.length;
  return stack
    .slice(end)
    .split('\n')
    .filter((line) => line.startsWith('    at '));
}

function quotesData(error: Error): boolean {
  return error instanceof SyntaxError || error.name === 'QueryFailedError' || 'severity' in error;
}

function withoutNumbers(message: string): string {
  return message.slice(0, 300).replaceAll(/\d{6,}/g, '•••');
}

function pick(error: Error, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(error).filter(([name, value]) => names.includes(name) && value !== undefined),
  );
}
