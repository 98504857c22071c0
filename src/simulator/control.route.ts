import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { callResource } from './call.resource.js';
import { FAULT_NUMBERS } from './fault-numbers.js';
import { faultRuleSchema } from './faults.js';
import type { LedgerRecord } from './ledger.js';
import { messageResource } from './message.resource.js';
import type { SimulatorState } from './simulator.state.js';
import { statusPageSchema } from './status-page.js';
import { InboundError, inboundSchema, receiveInbound } from './inbound.message.js';

const rulesSchema = z.preprocess((body) => (Array.isArray(body) ? body : [body]), z.array(faultRuleSchema).min(1));

const DEFAULT_LIMIT = 1000;
const listSchema = z.object({
  to: z.string().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(1_000_000).default(DEFAULT_LIMIT),
});

interface ByTarget {
  Params: { target: string };
}

/** Lets tests and demos control the simulator; needs no credentials, because it listens on its own machine only. */
export function controlRoute(state: SimulatorState): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.setErrorHandler((error, _request, reply) => {
      if (error instanceof z.ZodError) return reply.code(400).send({ error: z.prettifyError(error) });
      if (error instanceof InboundError) return reply.code(502).send({ error: error.message });
      return reply.send(error);
    });

    app.get('/faults', () => state.faults.list());
    app.put<ByTarget>('/faults/:target', (request) => {
      state.faults.put(request.params.target, rulesSchema.parse(request.body));
      return state.faults.list();
    });
    app.delete<ByTarget>('/faults/:target', (request, reply) => {
      state.faults.clear(request.params.target);
      return reply.code(204).send();
    });
    app.delete('/faults', (_request, reply) => {
      state.faults.clear();
      return reply.code(204).send();
    });
    app.get('/numbers', () => Object.fromEntries(FAULT_NUMBERS));

    app.get('/requests', (request) => {
      const { to, limit } = listSchema.parse(request.query);
      const requests = state.journal.list(to ?? null);
      return { count: requests.length, received: state.journal.received, requests: requests.slice(-limit) };
    });
    app.delete('/requests', (_request, reply) => {
      state.journal.clear();
      return reply.code(204).send();
    });

    app.get('/messages', (request) => {
      const { to, limit } = listSchema.parse(request.query);
      const { items, count } = newest(state.messages.newestFirst(to ?? null), limit);
      const messages = items.map((message) => ({
        ...messageResource(message, state.options.accountSid),
        status_callback: message.statusCallback,
        idempotency_key: message.idempotencyKey,
      }));
      return { count, accepted: state.messages.accepted, messages };
    });
    app.get('/calls', (request) => {
      const { to, limit } = listSchema.parse(request.query);
      const { items, count } = newest(state.calls.newestFirst(to ?? null), limit);
      const calls = items.map((call) => ({
        ...callResource(call, state.options.accountSid),
        twiml: call.twiml,
        url: call.url,
        status_callback: call.statusCallback,
        idempotency_key: call.idempotencyKey,
      }));
      return { count, accepted: state.calls.accepted, calls };
    });
    app.get('/stats', () => ({
      received: state.journal.received,
      messages: { accepted: state.messages.accepted, kept: state.messages.kept },
      calls: { accepted: state.calls.accepted, kept: state.calls.kept },
      statuses: { pending: state.statuses.pending },
      callbacks: { ...state.callbacks.counts, pending: state.callbacks.pending },
    }));

    app.post('/inbound', async (request) => await receiveInbound(state, inboundSchema.parse(request.body)));
    app.post('/reset', (_request, reply) => {
      state.reset();
      return reply.code(204).send();
    });

    app.get('/status/api/v2/summary.json', () => state.statusPage.summary());
    app.put('/status', (request) => {
      state.statusPage.set(statusPageSchema.parse(request.body));
      return state.statusPage.summary();
    });
  };
}

function newest<R extends LedgerRecord>(records: Iterable<R>, limit: number): { items: R[]; count: number } {
  const items: R[] = [];
  let count = 0;
  for (const record of records) {
    if (count < limit) items.push(record);
    count += 1;
  }
  return { items, count };
}
