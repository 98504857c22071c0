import type { FastifyInstance } from 'fastify';
import { Problem } from '../problems/problem.js';
import { pathOf, sendProblem } from '../problems/problem.reply.js';

/** A worker takes no API requests: it serves only its health and metrics, and says where to send the rest. */
export function serveOnlyHealthAndMetrics(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const path = pathOf(request.url);
    if (path === '/metrics' || path === '/health' || path.startsWith('/health/')) return done();
    const detail = 'This replica is a worker (ROLE=worker); send requests to one with ROLE=api or ROLE=all.';
    return sendProblem(request, reply, new Problem('not-found', { detail }));
  });
}
