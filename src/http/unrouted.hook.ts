import type { FastifyInstance } from 'fastify';
import { pathOf } from '../problems/problem.reply.js';
import { Problem } from '../problems/problem.js';
import { RouteTable } from './route-table.js';

/**
 * Answers requests that no route matches, before their body is read: 404, or 405 with the methods that the path allows.
 * OPTIONS on a known path is answered here too.
 */
export function answerUnrouted(fastify: FastifyInstance): void {
  const table = new RouteTable();
  fastify.addHook('onRoute', (route) => table.add(route.method, route.url));
  fastify.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done();
    const allow = table.methodsAt(pathOf(request.url)).join(', ');
    if (allow !== '' && request.method === 'OPTIONS') return reply.status(204).header('allow', allow).send();
    return done(
      allow === ''
        ? new Problem('not-found', { detail: 'No route matches this path; /docs shows those that there are.' })
        : new Problem('method-not-allowed', {
            detail: `${request.method} is not among ${allow}.`,
            headers: { allow },
          }),
    );
  });
}
