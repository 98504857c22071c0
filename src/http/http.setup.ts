import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Environment } from '../config/environment.schema.js';
import { Draining } from '../health/draining.js';
import { LOGGER } from '../logging/logger.js';
import { FailedRequests } from '../problems/failed-requests.js';
import { ProblemFilter } from '../problems/problem.filter.js';
import { problemOfError } from '../problems/problem-of-error.js';
import { sendProblem, unexpectedProblem } from '../problems/problem.reply.js';
import { ValidationPipe } from '../validation/validation.pipe.js';
import { BODY_LIMIT } from './body.decorator.js';
import { installBodyParsers, refusedBody } from './body-parsers.js';
import { closeInTime } from './bounded-close.js';
import { answerClientError } from './client-error.js';
import { askForHost } from './host.hook.js';
import { lingerAfterAnswer } from './lingering-close.js';
import { parseQuery } from './query.parser.js';
import { requestIdOf } from './request-id.js';
import { headResponse, setResponseHeaders } from './response-headers.js';
import { refuseUnaskedQueries } from './unasked-query.hook.js';
import { answerUnrouted } from './unrouted.hook.js';
import { serveOnlyHealthAndMetrics } from './worker.surface.js';

/** In milliseconds. */
const TIMEOUTS = {
  /** How long a request may take to arrive in full. */
  requestTimeout: 30_000,
  /** How long a socket may be silent, for example because its reader stopped reading. */
  connectionTimeout: 120_000,
  /** Longer than load balancers keep idle connections (mostly 60 s), so that they close first, never mid-request. */
  keepAliveTimeout: 75_000,
} as const;

/** Options for Node's own server; as a plain object, since with them Nest's types expect another kind of server. */
const NODE_SERVER: object = { http: { requireHostHeader: false } };

/**
 * Fastify, set up for this service. Goes to NestFactory.create; {@link configureHttp} does the rest.
 * @param role a worker answers less
 */
export function createFastifyAdapter(role: Environment['ROLE']): FastifyAdapter {
  const adapter = new FastifyAdapter({
    ...TIMEOUTS,
    bodyLimit: BODY_LIMIT,
    trustProxy: false,
    logger: false,
    // This service has no Nest middleware, and without middie's hook every request is a little cheaper.
    skipMiddie: true,
    // While the server closes, requests that still arrive on open connections are answered (and the connection closed)
    // rather than refused: the database is available until the last response is out, and a 202 is as durable as ever.
    return503OnClosing: false,
    requestIdHeader: false,
    ...NODE_SERVER,
    genReqId: requestIdOf,
    routerOptions: {
      maxParamLength: 256,
      querystringParser: parseQuery,
    },
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
      headResponse(request, reply);
      sendProblem(request, reply, problemOfError(error) ?? unexpectedProblem(request.id));
    },
    clientErrorHandler: answerClientError,
  });
  const fastify = adapter.getInstance<FastifyInstance>();
  fastify.addHook('onRoute', (route) => {
    const limit = route.config?.body?.limit;
    if (limit !== undefined) route.bodyLimit = limit;
  });
  setResponseHeaders(adapter);
  askForHost(fastify);
  installBodyParsers(adapter);
  if (role === 'worker') serveOnlyHealthAndMetrics(fastify);
  answerUnrouted(fastify);
  refuseUnaskedQueries(fastify);
  closeInTime(fastify);
  return adapter;
}

/** Sets up an application's error responses and validation. Must be called before it is initialized. */
export function configureHttp(app: NestFastifyApplication): void {
  app.useGlobalFilters(new ProblemFilter(app.get(LOGGER), app.get(FailedRequests), refusedBody));
  app.useGlobalPipes(new ValidationPipe());
  const fastify = app.getHttpAdapter().getInstance();
  const draining = app.get(Draining);
  // Checked when the response is sent, not when the request comes: a connection kept open by a response still pending
  // as the server closed would hold up the shutdown until its grace period is over.
  fastify.addHook('onSend', ({ raw }, reply, _payload, done) => {
    if (draining.active) reply.header('connection', 'close');
    if (!raw.complete && reply.getHeader('connection') === 'close') lingerAfterAnswer(raw);
    done();
  });
}
