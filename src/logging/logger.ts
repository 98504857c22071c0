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
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    inBackground(),
  );
}

/** More than this is written at once, less within a quarter of a second. */
const BATCH_BYTES = 32 * 1024;

/**
 * Standard output, by the batch. As bytes: pino's destination counts all the text that it holds anew for every line,
 * which with bytes it need not, and a line costs a third less.
 */
function inBackground(): DestinationStream & Pick<ReturnType<typeof destination>, 'flush' | 'flushSync'> {
  const out = destination({
    sync: false,
    contentMode: 'buffer',
    minLength: BATCH_BYTES,
    maxWrite: 2 * BATCH_BYTES,
    periodicFlush: 250,
  });
  // Its types know of text only.
  const bytes = out as { write(line: string | Uint8Array): boolean };
  return {
    write: (line) => bytes.write(Buffer.from(line)),
    flush: (done) => out.flush(done),
    flushSync: () => out.flushSync(),
  };
}

/** "+1555•••0001": enough to recognise a number, not enough to use it. */
export function maskNumber(number: string): string {
  const prefix = number.startsWith('whatsapp:') ? 'whatsapp:' : '';
  const digits = number.slice(prefix.length);
  return digits.length < 8 ? `${prefix}•••` : `${prefix}${digits.slice(0, 4)}•••${digits.slice(-4)}`;
}
