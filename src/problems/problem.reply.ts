import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from './problem.js';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** Answers with a problem. A response that is already being sent is cut off: half a body must not look whole. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): void {
  if (reply.raw.headersSent) {
    reply.raw.destroy();
    return;
  }
  void reply
    .status(problem.getStatus())
    .headers(problem.headers)
    .type(PROBLEM_MEDIA_TYPE)
    .send(JSON.stringify(problem.toBody(pathOf(request.url))));
}

/** The problem of an unexpected error: the caller gets an id to quote, and the log has the rest under the same id. */
export function unexpectedProblem(requestId: string, cause?: unknown): Problem {
  return new Problem('internal', {
    detail: `The log explains it under request id ${requestId}.`,
    extra: { requestId },
    cause,
  });
}

/** The path without the query, which may hold a recipient. */
export function pathOf(url: string): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}
