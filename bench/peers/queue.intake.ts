import { createServer, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Job, Queue } from './queue.js';

/** The barest HTTP in front of a queue: no framework, no validation, no key to check. @returns its address */
export async function serveIntake(queue: Queue): Promise<string> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => void take(String(request.headers['idempotency-key']), Buffer.concat(chunks), response));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function take(key: string, body: Buffer, response: ServerResponse): Promise<void> {
    try {
      await queue.add(key, JSON.parse(body.toString()) as Job);
      answer(response, 202, JSON.stringify({ id: key }));
    } catch (error) {
      answer(response, 500, JSON.stringify({ error: String(error) }));
    }
  }
}

function answer(response: ServerResponse, status: number, body: string): void {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  response.writeHead(status, headers).end(body);
}
