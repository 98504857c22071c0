import type { FastifyReply, FastifyRequest } from 'fastify';
import { setTimeout as wait } from 'node:timers/promises';
import type { Fault } from './faults.js';
import { sendAnswer, type Answer, type HeldRequests } from './twilio-answer.js';
import { codeOfStatus, errorBody, messageOfCode } from './twilio-error.js';

/** A gateway's error page, as sent by a proxy in front of the API. */
const GATEWAY_PAGE = '<html><body><h1>The gateway could not reach the service</h1></body></html>';
const TRUNCATED_JSON = '{"sid": "SM';

/** Answers requests, applying the fault that each one meets. */
export class FaultyResponder {
  readonly #stopped = new AbortController();

  constructor(private readonly held: HeldRequests) {}

  /** Ends every wait. */
  stop(): void {
    this.#stopped.abort();
  }

  /**
   * @param handle carries out the request; it may throw a TwilioError
   * @returns the reply: sent, or left without an answer
   */
  respond(
    request: FastifyRequest,
    reply: FastifyReply,
    fault: Fault | null,
    handle: () => Answer,
  ): FastifyReply | Promise<FastifyReply> {
    const send = (answer: Answer): FastifyReply => sendAnswer(reply, answer, this.held);
    if (fault === null) return send(handle());
    switch (fault.kind) {
      case 'callback':
      case 'callbacks':
        return send(handle());
      case 'status':
        return send(refusal(fault));
      case 'slow':
        return this.#wait(fault.ms).then(() => send(handle()));
      case 'late_answer': {
        const answer = handle();
        return this.#wait(fault.ms).then(() => send(answer));
      }
      case 'no_answer':
        if (fault.accepts) handle();
        return this.#neverAnswer(reply);
      case 'reset':
        return reset(request, reply, fault.when, handle);
      case 'accepted_then':
        handle();
        return send(refusal({ kind: 'status', status: fault.status }));
      case 'malformed':
        return send({ ...handle(), body: fault.body ?? TRUNCATED_JSON });
      case 'no_sid': {
        const answer = handle();
        return send({ ...answer, body: withoutSid(answer.body) });
      }
      default:
        return fault satisfies never;
    }
  }

  async #wait(ms: number): Promise<void> {
    this.held.count += 1;
    try {
      await wait(ms, undefined, { signal: this.#stopped.signal });
    } finally {
      this.held.count -= 1;
    }
  }

  #neverAnswer(reply: FastifyReply): FastifyReply {
    this.held.count += 1;
    reply.raw.once('close', () => {
      this.held.count -= 1;
    });
    return reply.hijack();
  }
}

/** Resets the connection without reading the rest of the request. */
export function resetUnread(request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  request.raw.socket.resetAndDestroy();
}

function reset(
  request: FastifyRequest,
  reply: FastifyReply,
  when: 'before_reading' | 'after_accepting' | 'during_response',
  handle: () => Answer,
): FastifyReply {
  const { socket } = request.raw;
  if (when === 'before_reading') {
    reply.hijack();
    socket.resetAndDestroy();
    return reply;
  }
  const { status, body } = handle();
  reply.hijack();
  if (when === 'after_accepting') {
    socket.resetAndDestroy();
    return reply;
  }
  reply.raw.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  reply.raw.write(body.slice(0, body.length / 2), () => socket.resetAndDestroy());
  return reply;
}

function refusal(fault: Extract<Fault, { kind: 'status' }>): Answer {
  const { status, retryAfter } = fault;
  const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  if (fault.body !== undefined) {
    return { status, headers, body: fault.body, contentType: fault.contentType ?? 'text/html' };
  }
  const saysNothing = fault.code === undefined && fault.message === undefined;
  if (saysNothing && (status === 502 || status === 504)) {
    return { status, headers, body: GATEWAY_PAGE, contentType: 'text/html' };
  }
  const code = fault.code === undefined ? codeOfStatus(status) : fault.code;
  const message = fault.message ?? messageOfCode(code) ?? 'The request failed';
  return {
    status,
    headers,
    body: errorBody(status, code, message),
    contentType: fault.contentType ?? 'application/json',
  };
}

function withoutSid(body: string): string {
  return JSON.stringify(JSON.parse(body, (key, value: unknown) => (key === 'sid' ? undefined : value)));
}
