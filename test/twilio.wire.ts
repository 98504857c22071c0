import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { portOf } from './support/port-of.js';

/** A request as its bytes arrived. */
interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the double does once a whole request was read; `index` counts all requests from 0. */
export type Script = (socket: Socket, request: WireRequest, index: number) => void;

export interface Wire {
  readonly url: string;
  readonly requests: readonly WireRequest[];
  /** Every connection ever accepted; a closed one is `destroyed`. */
  readonly connections: readonly Socket[];
  close(): Promise<void>;
}

/** A server at the level of TCP, so that it can also do what no HTTP server would. */
export async function startWire(script: Script, onConnection?: (socket: Socket) => void): Promise<Wire> {
  const requests: WireRequest[] = [];
  const connections: Socket[] = [];
  const server = createServer((socket) => {
    connections.push(socket);
    socket.on('error', () => socket.destroy());
    onConnection?.(socket);
    let received = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      received += chunk;
      const request = wholeRequest(received);
      if (request === null) return;
      received = '';
      requests.push(request);
      script(socket, request, requests.length - 1);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const port = portOf(server);
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of connections) socket.destroy();
      }),
  };
}

/** A script that answers like an HTTP server, with Content-Length and keep-alive. */
export function reply(status: number, body: unknown = '', headers: Readonly<Record<string, string>> = {}): Script {
  const bytes = response(status, body, headers);
  return (socket) => socket.write(bytes);
}

/** Each request is answered by the next script; the last stays. */
export function inTurn(...scripts: readonly [Script, ...Script[]]): Script {
  return (socket, request, index) =>
    (scripts[Math.min(index, scripts.length - 1)] ?? scripts[0])(socket, request, index);
}

/** The bytes of an answer; a body that is no string goes out as JSON. */
export function response(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const lines = Object.entries({
    'Content-Type': 'application/json',
    ...(status === 204 ? {} : { 'Content-Length': String(Buffer.byteLength(text)) }),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Reason\r\n${lines.join('')}\r\n${text}`;
}

function wholeRequest(received: string): WireRequest | null {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [start = '', ...lines] = received.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const body = received.slice(end + 4);
  if (body.length < Number(headers['content-length'] ?? 0)) return null;
  const [method = '', path = ''] = start.split(' ');
  return { method, path, headers, body };
}
