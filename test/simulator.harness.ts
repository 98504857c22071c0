import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { parse } from 'node:querystring';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { DEFAULT_OPTIONS, type SimulatorOptions } from '../src/simulator/simulator.options.js';
import { startSimulator } from '../src/simulator/simulator.server.js';
import { portOf } from './support/port-of.js';

export const { accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN } = DEFAULT_OPTIONS;
export const FROM = '+15005550006';
export const TO = '+15551230001';

export type Json = Record<string, unknown>;
export type Form = Readonly<Record<string, string | readonly string[]>>;

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Json;
}

/** A simulator of this test's own, with the requests that tests make of it. */
export class TestSimulator {
  readonly api: string;
  constructor(readonly url: string) {
    this.api = `${url}/2010-04-01/Accounts/${ACCOUNT_SID}`;
  }

  async post(path: string, form: Form, headers: Record<string, string> = {}): Promise<Answered> {
    return await this.#fetch(`${this.api}${path}`, {
      method: 'POST',
      body: encodeForm(form),
      headers: { authorization: basic(ACCOUNT_SID, AUTH_TOKEN), ...headers },
    });
  }

  /** A message that lacks nothing, but for what the form changes. */
  async message(form: Form = {}, headers: Record<string, string> = {}): Promise<Answered> {
    return await this.post('/Messages.json', { To: TO, From: FROM, Body: 'Hello', ...form }, headers);
  }

  async whatsApp(form: Form = {}): Promise<Answered> {
    return await this.message({ To: `whatsapp:${TO}`, From: 'whatsapp:+14155238886', ...form });
  }

  async call(form: Form = {}): Promise<Answered> {
    return await this.post('/Calls.json', { To: TO, From: FROM, Twiml: '<Response/>', ...form });
  }

  /** @param path an absolute path of the server, or one under the account */
  async get(path: string): Promise<Answered> {
    const url = path.startsWith('/2010') ? this.url + path : this.api + path;
    return await this.#fetch(url, { headers: { authorization: basic(ACCOUNT_SID, AUTH_TOKEN) } });
  }

  async control(method: string, path: string, body?: unknown): Promise<Answered> {
    const json =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    return await this.#fetch(`${this.url}/__simulator${path}`, { method, ...json });
  }

  async #fetch(url: string, init: RequestInit): Promise<Answered> {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000), ...init });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parseJson(text) };
  }
}

/** Starts a simulator with short steps; it ends with the test. */
export async function testSimulator(options: Partial<SimulatorOptions> = {}): Promise<TestSimulator> {
  const simulator = await startSimulator({ stepMs: 5, callbackRetryMs: 5, ...options });
  onTestFinished(async () => await simulator.close());
  return new TestSimulator(simulator.url);
}

interface ReceivedCallback {
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** As it came over the wire. */
  readonly body: string;
  readonly params: Record<string, string>;
}

export interface CallbackReceiver {
  readonly url: string;
  readonly received: readonly ReceivedCallback[];
  /** What the next callbacks are answered with; after them, 204. */
  readonly statuses: number[];
  /** Answers wait for this. */
  answersAfter: Promise<void>;
}

/** A server of this test's own that takes callbacks; it ends with the test. */
export async function callbackReceiver(): Promise<CallbackReceiver> {
  const received: ReceivedCallback[] = [];
  const statuses: number[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    const form = parse(body);
    const params = Object.fromEntries(Object.entries(form).map(([name, value]) => [name, String(value)]));
    received.push({ path: request.url ?? '', headers: request.headers, body, params });
    await receiver.answersAfter;
    response.writeHead(statuses.shift() ?? 204).end();
  };
  const server = createServer((request, response) => void take(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${portOf(server)}`;
  const receiver: CallbackReceiver = { url, received, statuses, answersAfter: Promise.resolve() };
  return receiver;
}

/** A port on which nothing listens any more. */
export async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function encodeForm(form: Form): URLSearchParams {
  const encoded = new URLSearchParams();
  for (const [name, value] of Object.entries(form)) {
    for (const one of typeof value === 'string' ? [value] : value) encoded.append(name, one);
  }
  return encoded;
}

function parseJson(text: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
