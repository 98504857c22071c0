import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { accountCheck } from './account.auth.js';
import { callsRoute } from './calls.route.js';
import { resetUnread } from './fault.answer.js';
import type { Resource } from './faults.js';
import { messagesRoute } from './messages.route.js';
import { formOf, pathOf } from './request.reading.js';
import type { SimulatorState } from './simulator.state.js';
import { sendAnswer } from './twilio-answer.js';
import { codeOfStatus, errorBody, messageOfCode, TwilioError } from './twilio-error.js';

/** All routes below an account of the 2010 API, and what their requests have in common. */
export function apiRoute(state: SimulatorState): (app: FastifyInstance) => Promise<void> {
  const checkAccount = accountCheck(state.options);
  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
      done(null, body);
    });
    // Twilio reads forms only: anything else is a request without parameters.
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, done) => done(null, ''));

    app.addHook('onRequest', (request, reply, done) => {
      if (!state.faults.takesUnread(resourceOf(request))) return done();
      note(state, request);
      resetUnread(request, reply);
    });
    app.addHook('preHandler', (request, _reply, done) => {
      note(state, request);
      checkAccount(request);
      done();
    });
    app.setErrorHandler<FastifyError>((error, _request, reply) => refuse(state, error, reply));
    app.setNotFoundHandler((request) => {
      checkAccount(request);
      throw new TwilioError(20404, { resource: pathOf(request) });
    });

    messagesRoute(app, state);
    callsRoute(app, state);
  };
}

function note(state: SimulatorState, request: FastifyRequest): void {
  const { method, url: path, headers } = request;
  state.journal.add({ at: Date.now(), method, path, form: formOf(request), headers });
}

/** What the request asks for, judged by its URL and method before it is read. */
function resourceOf(request: FastifyRequest): Resource {
  const lists = /\/(Messages|Calls)\.json(\?|$)/.exec(request.url);
  if (lists === null) return 'fetch';
  if (request.method === 'GET') return 'list';
  return lists[1] === 'Calls' ? 'calls' : 'messages';
}

function refuse(state: SimulatorState, error: FastifyError | TwilioError, reply: FastifyReply): FastifyReply {
  const status = error instanceof TwilioError ? error.status : (error.statusCode ?? 500);
  const code = error instanceof TwilioError ? error.code : codeOfStatus(status);
  const message = error instanceof TwilioError ? error.message : (messageOfCode(code) ?? 'The request failed');
  return sendAnswer(reply, { status, body: errorBody(status, code, message) }, state.held);
}
