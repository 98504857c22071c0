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
      response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify({ id: key }));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  }
}
