import type { FastifyInstance } from 'fastify';
import { Problem } from '../problems/problem.js';
import { pathOf, sendProblem } from '../problems/problem.reply.js';

/** A worker takes no requests: it answers for its health and its metrics, and says where the rest is. */
export function serveOnlyHealthAndMetrics(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const path = pathOf(request.url);
    if (path === '/metrics' || path === '/health' || path.startsWith('/health/')) return done();
    const detail = 'This replica is a worker (ROLE=worker); send requests to one with ROLE=api or ROLE=all.';
    return sendProblem(request, reply, new Problem('not-found', { detail }));
  });
}
