import { createServer, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { expect, onTestFinished } from 'vitest';
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
  const waiting: { response: ServerResponse; number: number }[] = [];
  let holdsFrom = Number.POSITIVE_INFINITY;
  const provider: PatientProvider = {
    url: '',
    seen: 0,
    held: 0,
    holdFrom: (request) => void (holdsFrom = request),
    releaseOne: () => {
      const first = waiting.shift();
      provider.held = waiting.length;
      if (first) accept(first);
    },
    release: () => {
      holdsFrom = Number.POSITIVE_INFINITY;
      for (const request of waiting.splice(0)) accept(request);
      provider.held = 0;
    },
  };
  const accept = ({ response, number }: (typeof waiting)[number]) => {
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ sid: `SM${String(number).padStart(32, '0')}`, status: 'queued' }));
  };
  const server = createServer((request, response) => {
    request.resume();
    provider.seen += 1;
    const received = { response, number: provider.seen };
    if (provider.seen >= holdsFrom) provider.held = waiting.push(received);
    else setTimeout(accept, 5, received);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  provider.url = `http://127.0.0.1:${portOf(server)}`;
  return provider;
}

/**
 * Holds what every slot sends at a moment when more of the work that is leased waits for a slot: at full speed, a process
 * claims ahead, but nothing may be left of that when the last slot is held.
 */
export async function holdClaimedAhead(
  provider: PatientProvider,
  slots: number,
  leased: () => Promise<number>,
): Promise<void> {
  for (;;) {
    const full = provider.seen + 5 * slots;
    await expect.poll(() => provider.seen).toBeGreaterThan(full);
    provider.holdFrom(provider.seen + 1);
    await expect.poll(() => provider.held).toBe(slots);
    if ((await leased()) > slots) return;
    provider.release();
  }
}
