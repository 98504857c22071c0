import { createServer, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { portOf } from './support/port-of.js';

interface PatientProvider {
  url: string;
  /** Requests that reached it. */
  seen: number;
  /** Of them, those that wait. */
  held: number;
  /** Keeps request number `request`, from 1, and all after it waiting. */
  readonly holdFrom: (request: number) => void;
  /** Answers the first that waits. */
  readonly releaseOne: () => void;
  /** Answers what waits, and everything else at once. */
  readonly release: () => void;
}

/** Accepts at once until it is told to keep requests waiting. */
export async function startPatientProvider() {
  const waiting: ServerResponse[] = [];
  let holdsFrom = Number.POSITIVE_INFINITY;
  const provider: PatientProvider = {
    url: '',
    seen: 0,
    held: 0,
    holdFrom: (request) => void (holdsFrom = request),
    releaseOne: () => {
      const first = waiting.shift();
      provider.held = waiting.length;
      if (first) accept(first, 1000 + provider.seen);
    },
    release: () => {
      holdsFrom = Number.POSITIVE_INFINITY;
      for (const [n, response] of waiting.entries()) accept(response, 1000 + n);
    },
  };
  const accept = (response: ServerResponse, n: number) => {
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ sid: `SM${String(n).padStart(32, '0')}`, status: 'queued' }));
  };
  const server = createServer((request, response) => {
    request.resume();
    provider.seen += 1;
    if (provider.seen >= holdsFrom) provider.held = waiting.push(response);
    else setTimeout(accept, 5, response, provider.seen);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  provider.url = `http://127.0.0.1:${portOf(server)}`;
  return provider;
}
