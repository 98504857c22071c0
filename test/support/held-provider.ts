import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll } from 'vitest';
import { portOf } from './port-of.js';

/** A message that the service wants to create and waits to hear about. */
export interface HeldRequest {
  readonly attemptId: string;
  /** As the provider is told: with `whatsapp:` on that channel. */
  readonly to: string;
  readonly body: string;
  readonly accept: (sid: string) => void;
  readonly refuse: (status: number, code: number) => void;
}

/** A provider that answers only when the test says so: an attempt stays in flight for as long as it is needed. */
export interface HeldProvider {
  readonly url: string;
  /** The creation number `index`, from 0, for this recipient, once it is there. */
  request(recipient: string, index: number): Promise<HeldRequest>;
  /** What its list of messages shows from now on; at first it is empty. */
  list(...messages: readonly Record<string, unknown>[]): void;
}

/** For all tests of a file. */
export async function startHeldProvider(): Promise<HeldProvider> {
  const requests: HeldRequest[] = [];
  const waiting = new Set<() => void>();
  let messages: readonly Record<string, unknown>[] = [];
  const server = createServer((request, response) => {
    if (request.method !== 'POST') return answer(response, 200, { messages, next_page_uri: null });
    void receive(request, response);
  });
  const receive = async (request: IncomingMessage, response: ServerResponse) => {
    requests.push(heldRequest(new URLSearchParams(await text(request)), response));
    for (const look of waiting) look();
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const of = (recipient: string) => requests.filter(({ to }) => to.endsWith(recipient));
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    request: (recipient, index) =>
      new Promise((resolve) => {
        const look = () => {
          const found = of(recipient)[index];
          if (!found) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    list: (...shown) => {
      messages = shown;
    },
  };
}

function heldRequest(form: URLSearchParams, response: ServerResponse): HeldRequest {
  const callback = new URL(form.get('StatusCallback') ?? '');
  return {
    attemptId: callback.pathname.split('/').at(-1) ?? '',
    to: form.get('To') ?? '',
    body: form.get('Body') ?? '',
    accept: (sid) => answer(response, 201, { sid, status: 'queued' }),
    refuse: (status, code) => answer(response, status, { code, message: 'Refused', status }),
  };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
