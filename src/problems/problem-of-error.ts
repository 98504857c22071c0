import { HttpException } from '@nestjs/common';
import { OverloadedError } from '../database/overloaded.error.js';
import { isPassingDatabaseFailure } from './database-failure.js';
import { Problem } from './problem.js';
import { problemOfStatus } from './problem-types.js';

/** The problem for anything thrown; null for unexpected errors. */
export function problemOfError(error: unknown): Problem | null {
  if (error instanceof Problem) return error;
  if (error instanceof OverloadedError) {
    return new Problem('overloaded', {
      detail: `${error.message}.`,
      headers: { 'retry-after': String(error.retryAfterSeconds) },
      cause: error,
    });
  }
  if (isPassingDatabaseFailure(error)) {
    return new Problem('unavailable', {
      detail: 'Send the same request again in a moment; with an Idempotency-Key nothing happens twice.',
      headers: { 'retry-after': '1' },
      cause: error,
    });
  }
  return problemOfRefusal(error);
}

/** Refusals by Nest, Fastify and its plugins: their status gives the kind, and their message is meant for callers. */
function problemOfRefusal(error: unknown): Problem | null {
  if (!(error instanceof Error)) return null;
  const status = statusOf(error);
  if (status === null || status < 400 || status >= 500) return null;
  const slug = problemOfStatus(status) ?? 'malformed-request';
  return new Problem(slug, {
    detail: slug === 'not-found' ? 'No route matches this path.' : error.message,
    cause: error,
  });
}

function statusOf(error: Error): number | null {
  if (error instanceof HttpException) return error.getStatus();
  // Fastify's own errors, if they reach us before Nest wraps them.
  return error.name === 'FastifyError' && 'statusCode' in error ? Number(error.statusCode) : null;
}
