import type { FastifyInstance } from 'fastify';
import { callCallback, callSteps, takeCallStep } from './call.lifecycle.js';
import type { CallRecord } from './call.record.js';
import { callResource } from './call.resource.js';
import { readCallOrder } from './call.validation.js';
import type { Callback } from './callback.sender.js';
import { callbackFault, type Fault, type Resource } from './faults.js';
import { NO_PARAMETERS, parameter, type FormParameters } from './form.parameters.js';
import { dateFilter, listPage } from './list.page.js';
import { idempotencyKeyOf, parametersOf, pathOf } from './request.reading.js';
import { newSid } from './sid.js';
import type { SimulatorState } from './simulator.state.js';
import type { Answer } from './twilio-answer.js';
import { TwilioError } from './twilio-error.js';

/** The Call resource: create, fetch and list. */
export function callsRoute(app: FastifyInstance, state: SimulatorState): void {
  const { options, calls, responder } = state;
  const shown = (call: CallRecord): Record<string, unknown> => callResource(call, options.accountSid);

  app.post('/Calls.json', (request, reply) => {
    const parameters = parametersOf(request);
    const fault = takeFault(state, 'calls', parameters, idempotencyKeyOf(request));
    return responder.respond(request, reply, fault, () => {
      const call = accept(state, parameters, fault, idempotencyKeyOf(request));
      return { status: 201, body: JSON.stringify(shown(call)) };
    });
  });

  app.get('/Calls.json', (request, reply) => {
    const query = parametersOf(request);
    return responder.respond(request, reply, takeFault(state, 'list', query, null), () => list(query, pathOf(request)));
  });

  app.get<{ Params: { sid: string } }>('/Calls/:sid.json', (request, reply) => {
    const call = calls.get(request.params.sid);
    const asked = call === null ? NO_PARAMETERS : { To: call.to, From: call.from };
    return responder.respond(request, reply, takeFault(state, 'fetch', asked, null), () => {
      if (call === null) throw new TwilioError(20404, { resource: pathOf(request) });
      return { status: 200, body: JSON.stringify(shown(call)) };
    });
  });

  function list(query: FormParameters, path: string): Answer {
    const from = parameter(query, 'From');
    const status = parameter(query, 'Status');
    const startedThen = dateFilter(query, 'StartTime');
    const endedThen = dateFilter(query, 'EndTime');
    const { items, frame } = listPage(calls, query, path, (call) => {
      const wanted = (from === null || call.from === from) && (status === null || call.status === status);
      return wanted && startedThen(call.startedAt) && endedThen(call.endedAt);
    });
    return { status: 200, body: JSON.stringify({ ...frame, calls: items.map(shown) }) };
  }
}

function takeFault(
  state: SimulatorState,
  resource: Resource,
  parameters: FormParameters,
  idempotencyKey: string | null,
): Fault | null {
  const [to, from] = [parameter(parameters, 'To'), parameter(parameters, 'From')];
  return state.faults.take({ resource, channel: 'voice', to, from, idempotencyKey });
}

function accept(
  state: SimulatorState,
  parameters: FormParameters,
  fault: Fault | null,
  idempotencyKey: string | null,
): CallRecord {
  const now = Date.now();
  const { to, from, url, twiml, statusCallback, events } = readCallOrder(parameters, state.options.strictSenders);
  const call: CallRecord = {
    sid: newSid('CA'),
    to,
    from,
    status: 'queued',
    createdAt: now,
    updatedAt: now,
    startedAt: null,
    answeredAt: null,
    endedAt: null,
    statusCallback,
    events,
    callbacksMade: 0,
    twiml,
    url,
    idempotencyKey,
  };
  state.calls.add(call);
  follow(state, call, fault);
  return call;
}

/** Lets the call ring, be answered and end. */
function follow(state: SimulatorState, call: CallRecord, fault: Fault | null): void {
  const { accountSid, callbacks } = state.options;
  state.statuses.start({
    steps: callSteps(fault),
    callbacks: callbackFault(fault),
    take: (step): Callback | null => {
      takeCallStep(call, step, Date.now());
      const silent = callbacks === 'none' || (callbacks === 'final' && step.event !== 'completed');
      if (call.statusCallback === null || silent || !call.events.has(step.event)) return null;
      return { url: call.statusCallback, parameters: callCallback(call, step, accountSid) };
    },
  });
}
