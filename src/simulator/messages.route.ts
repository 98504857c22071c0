import type { FastifyInstance } from 'fastify';
import type { Callback } from './callback.sender.js';
import { callbackFault, type Fault, type Resource } from './faults.js';
import { NO_PARAMETERS, parameter, type FormParameters } from './form.parameters.js';
import { dateFilter, listPage } from './list.page.js';
import { TEST_SENDER, WHATSAPP_SANDBOX_SENDER } from './magic-numbers.js';
import { endsMessage, messageCallback, messageSteps, takeMessageStep } from './message.lifecycle.js';
import type { MessageRecord } from './message.record.js';
import { messageResource } from './message.resource.js';
import { readMessageOrder } from './message.validation.js';
import { isWhatsApp } from './phone.address.js';
import { idempotencyKeyOf, parametersOf, pathOf } from './request.reading.js';
import { newSid } from './sid.js';
import type { SimulatorState } from './simulator.state.js';
import type { Answer } from './twilio-answer.js';
import { TwilioError } from './twilio-error.js';

interface BySid {
  Params: { sid: string };
}

/** The Message resource: create, fetch, list, cancel and redact. */
export function messagesRoute(app: FastifyInstance, state: SimulatorState): void {
  const { options, messages, responder } = state;
  const shown = (message: MessageRecord): Record<string, unknown> => messageResource(message, options.accountSid);

  app.post('/Messages.json', (request, reply) => {
    const parameters = parametersOf(request);
    const fault = takeFault(state, 'messages', parameters, idempotencyKeyOf(request));
    return responder.respond(request, reply, fault, () => {
      const message = accept(state, parameters, fault, idempotencyKeyOf(request));
      return { status: 201, body: JSON.stringify(shown(message)) };
    });
  });

  app.get('/Messages.json', (request, reply) => {
    const query = parametersOf(request);
    return responder.respond(request, reply, takeFault(state, 'list', query, null), () => list(query, pathOf(request)));
  });

  app.get<BySid>('/Messages/:sid.json', (request, reply) => {
    const message = messages.get(request.params.sid);
    const asked = message === null ? NO_PARAMETERS : { To: message.to, From: message.from ?? undefined };
    return responder.respond(request, reply, takeFault(state, 'fetch', asked, null), () => {
      if (message === null) throw new TwilioError(20404, { resource: pathOf(request) });
      return { status: 200, body: JSON.stringify(shown(message)) };
    });
  });

  app.post<BySid>('/Messages/:sid.json', (request, reply) => {
    return responder.respond(request, reply, null, () => {
      const message = messages.get(request.params.sid);
      if (message === null) throw new TwilioError(20404, { resource: pathOf(request) });
      update(message, parametersOf(request));
      return { status: 200, body: JSON.stringify(shown(message)) };
    });
  });

  function list(query: FormParameters, path: string): Answer {
    const from = parameter(query, 'From');
    const sentThen = dateFilter(query, 'DateSent');
    const { items, frame } = listPage(messages, query, path, (message) => {
      return (from === null || message.from === from) && sentThen(message.sentAt);
    });
    return { status: 200, body: JSON.stringify({ ...frame, messages: items.map(shown) }) };
  }
}

function takeFault(
  state: SimulatorState,
  resource: Resource,
  parameters: FormParameters,
  idempotencyKey: string | null,
): Fault | null {
  const to = parameter(parameters, 'To');
  const channel = to === null ? null : isWhatsApp(to) ? 'whatsapp' : 'sms';
  return state.faults.take({ resource, channel, to, from: parameter(parameters, 'From'), idempotencyKey });
}

function accept(
  state: SimulatorState,
  parameters: FormParameters,
  fault: Fault | null,
  idempotencyKey: string | null,
): MessageRecord {
  const now = Date.now();
  const order = readMessageOrder(parameters, state.options.strictSenders, now);
  const poolSender = isWhatsApp(order.to) ? `whatsapp:${WHATSAPP_SANDBOX_SENDER}` : TEST_SENDER;
  if (state.optOuts.has(order.to, order.from ?? poolSender)) throw new TwilioError(21610);

  const { to, from, messagingServiceSid, body, statusCallback } = order;
  const message: MessageRecord = {
    sid: newSid(order.mediaUrls.length > 0 ? 'MM' : 'SM'),
    to,
    from,
    messagingServiceSid,
    body,
    numMedia: order.mediaUrls.length,
    status: order.scheduled ? 'scheduled' : messagingServiceSid === null ? 'queued' : 'accepted',
    errorCode: null,
    createdAt: now,
    updatedAt: now,
    sentAt: null,
    statusCallback,
    idempotencyKey,
  };
  state.messages.add(message);
  follow(state, message, fault, poolSender);
  return message;
}

/** Moves the message through its statuses. */
function follow(state: SimulatorState, message: MessageRecord, fault: Fault | null, poolSender: string): void {
  const { accountSid, callbacks, readReceipts } = state.options;
  state.statuses.start({
    steps: messageSteps(message, fault, readReceipts),
    callbacks: callbackFault(fault),
    take: (step): Callback | null => {
      takeMessageStep(message, step, poolSender, Date.now());
      const silent = callbacks === 'none' || (callbacks === 'final' && !endsMessage(message.status));
      if (message.statusCallback === null || silent) return null;
      return { url: message.statusCallback, parameters: messageCallback(message, accountSid) };
    },
  });
}

/** Cancels a scheduled message, or empties the body. Nothing else about a message can change. */
function update(message: MessageRecord, parameters: FormParameters): void {
  if (parameter(parameters, 'Status') === 'canceled') {
    if (message.status !== 'scheduled') throw new TwilioError(30409);
    message.status = 'canceled';
  } else if (parameters['Body'] === '') {
    message.body = '';
  } else {
    throw new TwilioError(20001);
  }
  message.updatedAt = Date.now();
}
