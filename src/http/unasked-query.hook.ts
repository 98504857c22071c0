import type { FastifyInstance, FastifyRequest } from 'fastify';
import { invalidFields, type Problem } from '../problems/problem.js';
import { pointerStep } from '../validation/field-errors.js';

/** Lists validate their own query, and other reads can ignore one without harm. */
const ONLY_READS = new Set<unknown>(['GET', 'HEAD']);

/**
 * Refuses a query on client routes that change something, since they read none: if a `?dryRun=true` were ignored, what
 * was only to be previewed would happen. Must be called before the routes are declared.
 */
export function refuseUnaskedQueries(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    // Webhooks come with whatever query their configured address has.
    if (route.config?.access?.kind !== 'scopes' || ONLY_READS.has(route.method)) return;
    route.preValidation = ({ query }: FastifyRequest, _reply: unknown, done: (error?: Error) => void) => {
      done(refusalOf(query));
    };
  });
}

function refusalOf(query: unknown): Problem | undefined {
  const names = Object.keys(Object(query));
  if (names.length === 0) return undefined;
  const detail = 'unknown property: nothing is read from the query here';
  return invalidFields(names.map((name) => ({ pointer: pointerStep(name), detail })));
}
