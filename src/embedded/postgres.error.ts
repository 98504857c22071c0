/** What went wrong and what the reader can do about it. */
interface Problem {
  /** One sentence, without secrets. */
  readonly what: string;
  /** One or two sentences: what to do. */
  readonly advice: string;
  /** The last lines the server, or initdb, wrote; empty when it wrote nothing. */
  readonly logTail?: readonly string[];
}

/** The code of a system or PostgreSQL error: `EEXIST`, `28P01`, a program's exit status; null when it has none. */
export function codeOf(error: unknown): string | number | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' || typeof error.code === 'number' ? error.code : null;
}

/** The embedded PostgreSQL could not be started, found or stopped. Holds no password. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';

  constructor({ what, advice, logTail = [] }: Problem, options?: ErrorOptions) {
    const log = logTail.length === 0 ? [] : ['The last lines of its log:', ...logTail.map((line) => `  ${line}`)];
    super([what, ...log, `What to do: ${advice}`].join('\n'), options);
  }
}
