import type { FastifyInstance } from 'fastify';
import { Problem } from '../problems/problem.js';

/** Refuses HTTP/1.1 without a Host, as RFC 9112 section 3.2 requires. Node's own refusal would have no body. */
export function askForHost(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (request.headers.host !== undefined || request.raw.httpVersion !== '1.1') return done();
    return done(new Problem('malformed-request', { detail: 'Send a Host header.', headers: { connection: 'close' } }));
  });
}
