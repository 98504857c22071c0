import type { Logger } from 'pino';
import { pino } from 'pino';
import { loggableError } from '../problems/loggable-error.js';
import { BackgroundOutput } from './background.output.js';

/** Injection token of the one pino logger. */
export const LOGGER = Symbol('LOGGER');

/**
 * Structured logs, one JSON line each: ids, class, code and next step; never a body, a full number or a credential.
 * Written in the background so that a slow terminal never slows a send; flushed at exit; see {@link BackgroundOutput}.
 */
export function createLogger(level: string, role: string): Logger {
  return pino(
    {
      level,
      base: { service: 'postrider', role, pid: process.pid },
      // A safeguard: nothing logs these. Full paths only, since a wildcard costs every line a third of its price.
      redact: ['req.headers.authorization', 'headers.authorization', 'secret', 'authToken'],
      // An error logged directly is stripped of any data that it may quote.
      serializers: { err: (error: unknown) => (error instanceof Error ? loggableError(error) : error) },
      timestamp: isoTimeByTheMillisecond(),
    },
    new BackgroundOutput((lines) => (dropped += lines)),
  );
}

/** Same as pino.stdTimeFunctions.isoTime, but kept for a millisecond, in which a busy service writes a dozen lines. */
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

/** Lines that this process has dropped since its start: a log without a reader must not fill its memory. */
export function droppedLogLines(): number {
  return dropped;
}

/** "+155•••0001": enough to recognise a number, not enough to use it. */
export function maskNumber(number: string): string {
  const [prefix = ''] = /^(whatsapp|voice):/.exec(number) ?? [];
  const digits = number.slice(prefix.length);
  return digits.length < 8 ? `${prefix}•••` : `${prefix}${digits.slice(0, 4)}•••${digits.slice(-4)}`;
}
