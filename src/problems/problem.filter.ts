import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { Catch } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { FailedRequests } from './failed-requests.js';
import { loggableError } from './loggable-error.js';
import { problemOfError } from './problem-of-error.js';
import { pathOf, sendProblem, unexpectedProblem } from './problem.reply.js';
import type { Problem } from './problem.js';

/** Turns whatever is thrown in or before a route into `application/problem+json`. */
@Catch()
export class ProblemFilter implements ExceptionFilter<unknown> {
  /** @param refusalOf words a refusal of the framework better; null if the framework's words will do. */
  constructor(
    private readonly log: Logger,
    private readonly failed: FailedRequests,
    private readonly refusalOf: (error: unknown, request: FastifyRequest) => Problem | null,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const problem = this.refusalOf(error, request) ?? problemOfError(error) ?? unexpectedProblem(request.id);
    this.record(problem, error, request);
    this.failed.note([problem.slug]);
    sendProblem(request, http.getResponse<FastifyReply>(), problem);
  }

  private record(problem: Problem, error: unknown, request: FastifyRequest): void {
    if (problem.slug !== 'internal' && problem.slug !== 'unavailable') return;
    const context = { requestId: request.id, method: request.method, path: pathOf(request.url) };
    if (problem.slug === 'internal') {
      this.log.error({ ...context, err: loggableError(error) }, 'a request failed unexpectedly');
    } else {
      this.log.warn({ ...context, err: loggableError(error) }, 'a request found no database');
    }
  }
}
