import type { FastifyReply } from 'fastify';
import { newSid } from './sid.js';

/** What a request is answered with. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How many requests wait for their answer. Those answered at once never overlap, so only faults are counted. */
export class HeldRequests {
  count = 0;
}

/** Sends an answer with the headers that Twilio's 2010 API was recorded with. */
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
