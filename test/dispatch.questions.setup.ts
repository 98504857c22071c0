import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { portOf } from './support/port-of.js';

/** A question that waits for its answer: one request of the provider's list. */
export interface Question {
  readonly path: string;
  answer(status?: number, body?: Record<string, unknown>): void;
}

/** Answers the first message it gets with a 500, accepts every other; what it answers to questions, the test says. */
export interface DoubtfulProvider {
  readonly url: string;
  /** Messages that reached it. */
  readonly messages: number;
  /** Questions that reached it. */
  readonly asked: readonly string[];
  /** What happens with every question; at first, its list is empty. */
  onQuestion: (question: Question) => void;
  /** Called before the second message and every other is accepted. */
  onMessage: () => Promise<void>;
}

export async function startDoubtfulProvider(): Promise<DoubtfulProvider> {
  const asked: string[] = [];
  const provider = {
    url: '',
    messages: 0,
    asked,
    onQuestion: (question: Question) => question.answer(),
    onMessage: () => Promise.resolve(),
  };
  const receive = async (response: ServerResponse) => {
    provider.messages += 1;
    if (provider.messages === 1) return reply(response, 500, { code: 20500, message: 'Perhaps', status: 500 });
    await provider.onMessage();
    reply(response, 201, { sid: `SM${String(provider.messages).padStart(32, '0')}`, status: 'queued' });
  };
  const server = createServer((request, response) => {
    request.resume();
    if (request.method === 'POST') return void receive(response);
    const path = request.url ?? '';
    asked.push(path);
    const empty = { messages: [], next_page_uri: null };
    provider.onQuestion({ path, answer: (status = 200, body = empty) => reply(response, status, body) });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  provider.url = `http://127.0.0.1:${portOf(server)}`;
  return provider;
}

function reply(response: ServerResponse, status: number, body: Record<string, unknown>): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
