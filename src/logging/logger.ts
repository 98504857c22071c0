import type { Logger } from 'pino';
import { pino } from 'pino';
import { loggableError } from '../problems/loggable-error.js';
import { BackgroundOutput } from './background.output.js';

/** Injection token of the one pino logger. */
export const LOGGER = Symbol('LOGGER');

/**
 * Structured logs, a JSON line each: ids, class, code and next step; never a body, a whole number or a credential.
 * Written in the background so that a slow terminal never slows a send; flushed when the process ends; see {@link BackgroundOutput}.
 */
export function createLogger(level: string, role: string): Logger {
  return pino(
    {
      level,
      base: { service: 'postrider', role, pid: process.pid },
      // Nothing logs these; whole paths only, since a wildcard costs every line a third of its price.
      redact: ['req.headers.authorization', 'headers.authorization', 'secret', 'authToken'],
      // Whoever logs an error as it is logs no data that it may quote.
      serializers: { err: (error: unknown) => (error instanceof Error ? loggableError(error) : error) },
      timestamp: isoTimeByTheMillisecond(),
    },
    new BackgroundOutput((lines) => (dropped += lines)),
  );
}

/** What pino.stdTimeFunctions.isoTime gives; a busy service writes a dozen lines in a millisecond, so it is kept for one. */
function isoTimeByTheMillisecond(): () => string {
  let at = Number.NaN;
  let field = '';
  return () => {
    const now = Date.now();
    if (now !== at) {
      at = now;
      field = `,"time":"${new Date(now).toISOString()}"`;
    }
    return field;
  };
}

let dropped = 0;

/** Lines that this process could not write since its start: a log that nobody takes must not fill its memory. */
export function droppedLogLines(): number {
  return dropped;
}

/** "+155•••0001": enough to recognise a number, not enough to use it. */
export function maskNumber(number: string): string {
  const [prefix = ''] = /^(whatsapp|voice):/.exec(number) ?? [];
  const digits = number.slice(prefix.length);
  return digits.length < 8 ? `${prefix}•••` : `${prefix}${digits.slice(0, 4)}•••${digits.slice(-4)}`;
}
