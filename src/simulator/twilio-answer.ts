import type { FastifyReply } from 'fastify';
import { newSid } from './sid.js';

/** The answer to a request. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Counts requests that wait for their answer. Immediate answers never overlap, so only those delayed by faults count.
 */
export class HeldRequests {
  count = 0;
}

/** Sends an answer with the headers recorded from Twilio's 2010 API. */
export function sendAnswer(reply: FastifyReply, answer: Answer, held: HeldRequests): FastifyReply {
  reply
    .code(answer.status)
    .headers(twilioHeaders(reply, held))
    .header('content-type', answer.contentType ?? 'application/json');
  if (answer.status === 401) reply.header('www-authenticate', 'Basic realm="Twilio API"');
  if (answer.headers !== undefined) reply.headers(answer.headers);
  return reply.send(answer.body);
}

function twilioHeaders(reply: FastifyReply, held: HeldRequests): Record<string, string> {
  return {
    'twilio-request-id': newSid('RQ'),
    'twilio-request-duration': (reply.elapsedTime / 1000).toFixed(3),
    'twilio-concurrent-requests': String(held.count + 1),
    'x-home-region': 'us1',
    'x-api-domain': 'api.twilio.com',
  };
}
