import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Draining } from '../health/draining.js';
import { LOGGER } from '../logging/logger.js';
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
import { setResponseHeaders } from './response-headers.js';
import { refuseUnaskedQueries } from './unasked-query.hook.js';
import { answerUnrouted } from './unrouted.hook.js';

/** In milliseconds. */
const TIMEOUTS = {
  /** A request arrives whole in this time, or not at all. */
  requestTimeout: 30_000,
  /** A socket on which nothing moves, such as a reader that stopped reading. */
  connectionTimeout: 120_000,
  /** Longer than load balancers keep idle connections (60 s mostly), so that they close first, never mid-request. */
  keepAliveTimeout: 75_000,
} as const;

/** For Node's own server. Nest's types would take what else is set beside it for options of another kind of server. */
const NODE_SERVER: object = { http: { requireHostHeader: false } };

/** Fastify, set up for this service. Goes to NestFactory.create; {@link configureHttp} does the rest. */
export function createFastifyAdapter(): FastifyAdapter {
  const adapter = new FastifyAdapter({
    ...TIMEOUTS,
    bodyLimit: BODY_LIMIT,
    trustProxy: false,
    logger: false,
    // This service has no Nest middleware, and without middie's hook every request is a little cheaper.
    skipMiddie: true,
    // While the server closes, what still arrives on open connections is answered (and the connection closed) rather
    // than refused: the database is there until the last answer is out, and a 202 is as durable as ever.
    return503OnClosing: false,
    requestIdHeader: false,
    ...NODE_SERVER,
    genReqId: requestIdOf,
    routerOptions: {
      maxParamLength: 256,
      querystringParser: parseQuery,
    },
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
      sendProblem(request, reply, problemOfError(error) ?? unexpectedProblem(request.id)),
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
  answerUnrouted(fastify);
  refuseUnaskedQueries(fastify);
  closeInTime(fastify);
  return adapter;
}

/** Gives an application its errors and its validation. To be called before it listens. */
export function configureHttp(app: NestFastifyApplication): void {
  app.useGlobalFilters(new ProblemFilter(app.get(LOGGER), refusedBody));
  app.useGlobalPipes(new ValidationPipe());
  const fastify = app.getHttpAdapter().getInstance();
  const draining = app.get(Draining);
  // When it answers, not when it is asked: a connection kept open by an answer that was awaited as the server closed
  // would hold the shutdown until its grace is over.
  fastify.addHook('onSend', ({ raw }, reply, _payload, done) => {
    if (draining.active) reply.header('connection', 'close');
    if (!raw.complete && reply.getHeader('connection') === 'close') lingerAfterAnswer(raw);
    done();
  });
}
