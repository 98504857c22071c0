import type { Logger } from 'pino';
import { destination, pino, type DestinationStream } from 'pino';
import { loggableError } from '../problems/loggable-error.js';

/** Injection token of the one pino logger. */
export const LOGGER = Symbol('LOGGER');

/**
 * Structured logs, a JSON line each: ids, class, code and next step; never a body, a whole number or a credential.
 * Written in the background so that a slow terminal never slows a send; flushed when the process ends.
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
    inBackground(),
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

/** What waits for a standard output that nobody reads; some seconds of a busy log. What comes beyond it is dropped. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;

let dropped = 0;

/** Lines that this process has dropped since its start: a log that nobody reads must not fill its memory. */
export function droppedLogLines(): number {
  return dropped;
}

/** More than this is written at once, less within a quarter of a second. */
const BATCH_CHARACTERS = 32 * 1024;
const BATCH_MS = 250;

/**
 * Standard output, by the batch. Lines are put together here and go on as one piece: pino's destination would count all
 * the text that it holds anew for every line.
 */
function inBackground(): DestinationStream & Pick<ReturnType<typeof destination>, 'flush' | 'flushSync'> {
  // Less than a batch is never on its way by itself: at the end it could not be called back.
  const out = destination({
    sync: false,
    minLength: BATCH_CHARACTERS,
    maxWrite: 2 * BATCH_CHARACTERS,
    maxLength: MOST_WAITING_BYTES,
  });
  out.on('drop', (lines) => {
    dropped += lines.split('\n').length - 1;
  });
  let held = '';
  const pass = () => {
    if (held !== '') out.write(held);
    held = '';
  };
  const flushSync = () => {
    pass();
    out.flushSync();
  };
  setInterval(() => {
    pass();
    out.flush();
  }, BATCH_MS).unref();
  // Whatever ends the process, what led there is in the log.
  process.once('exit', flushSync);
  return {
    write: (line) => {
      held += line;
      if (held.length >= BATCH_CHARACTERS) pass();
    },
    flush: (done) => {
      pass();
      out.flush(done);
    },
    flushSync,
  };
}

/** "+1555•••0001": enough to recognise a number, not enough to use it. */
export function maskNumber(number: string): string {
  const [prefix = ''] = /^(whatsapp|voice):/.exec(number) ?? [];
  const digits = number.slice(prefix.length);
  return digits.length < 8 ? `${prefix}•••` : `${prefix}${digits.slice(0, 4)}•••${digits.slice(-4)}`;
}
