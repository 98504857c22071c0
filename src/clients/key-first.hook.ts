import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Access } from '../access/access.decorator.js';
import { Admission } from './admission.js';

/** The most bytes of a refused request that are still read so that its connection can be reused. */
const WORTH_READING = 64 * 1024;

/**
 * Checks the key before the body is read, on every route that needs one: without a key, nobody can make this service
 * read and parse megabytes, or learn what is wrong with them. Nest's guards run only after Fastify has parsed the body.
 * Must be called before the application is initialized.
 */
export function askForKeysFirst(app: NestFastifyApplication): void {
  const admission = app.get(Admission);
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRoute', (route) => {
    const access = route.config?.access;
    if (access?.kind === 'scopes') route.onRequest = keyFirst(admission, access);
  });
}

function keyFirst(admission: Admission, access: Access) {
  return (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void => {
    const refuse = (error: unknown) => {
      if (!isWorthReading(request)) reply.header('connection', 'close');
      done(error instanceof Error ? error : new Error('The key could not be checked', { cause: error }));
    };
    let admitted: true | Promise<true>;
    try {
      admitted = admission.admit(request, access);
    } catch (error) {
      return refuse(error);
    }
    if (admitted === true) return done();
    // oxlint-disable-next-line promise/no-callback-in-promise -- Fastify's hooks call back; a known key waits for no promise
    void admitted.then(() => done(), refuse);
  };
}

/** Whether the rest of the request is short. One that does not state its length may be endless. */
function isWorthReading({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) <= WORTH_READING;
}
