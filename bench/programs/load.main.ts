import { setTimeout as delay } from 'node:timers/promises';
import { serve } from '../stage/rpc.js';
import type { LoadCalls, LoadResult } from './load.calls.js';
import { type LoadClient, loadClient } from './load.clients.js';
import { type NextRequest, requestSource } from './load.requests.js';
import { monotonicMs } from './provider.calls.js';

/** Sends load from a process of its own and keeps what each answer took. */
class Sender {
  private readonly latenciesMs: number[] = [];
  private readonly postedAt: Record<string, number> = {};
  private readonly startedAt = monotonicMs();
  private endedAt = 0;
  private failures = 0;

  constructor(
    private readonly client: LoadClient,
    private readonly tracesOrders: boolean,
  ) {}

  /** Resolves with the answer's end, whatever it was. */
  async send(request: NextRequest): Promise<void> {
    const begin = monotonicMs();
    const { order } = request;
    if (this.tracesOrders && order !== undefined) this.postedAt[String(order).padStart(9, '0')] = begin;
    const status = await this.client.send(request);
    this.endedAt = monotonicMs();
    if (status >= 200 && status < 300) this.latenciesMs.push(this.endedAt - begin);
    else this.failures += 1;
  }

  result(): LoadResult {
    const sorted = Float64Array.from(this.latenciesMs).sort();
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return {
      count: sorted.length,
      failures: this.failures,
      seconds: (this.endedAt - this.startedAt) / 1000,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      ...(this.tracesOrders ? { postedAt: this.postedAt } : {}),
    };
  }
}

const closedLoop: LoadCalls['closedLoop'] = async ({ url, client: name, connections, requests, seconds, most }) => {
  const client = loadClient(name ?? 'sockets', url, connections);
  const next = requestSource(requests);
  const sender = new Sender(client, false);
  const end = monotonicMs() + seconds * 1000;
  let left = most;
  const connection = async () => {
    while (left > 0 && monotonicMs() < end) {
      left -= 1;
      const request = next();
      if (request === null) return;
      await sender.send(request);
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  await client.close();
  return sender.result();
};

const openLoop: LoadCalls['openLoop'] = async ({
  url,
  client: name,
  connections,
  requests,
  seconds,
  most,
  perSecond,
}) => {
  const client = loadClient(name ?? 'sockets', url, connections);
  const next = requestSource(requests);
  const sender = new Sender(client, requests.kind === 'notifications' && perSecond <= 1000);
  const start = monotonicMs();
  const total = Math.min(most, Math.round(seconds * perSecond));
  const answers: Promise<void>[] = [];
  for (let request = next(); request !== null && answers.length < total;) {
    const due = Math.floor(((monotonicMs() - start) / 1000) * perSecond);
    if (answers.length > due) {
      await delay(1);
      continue;
    }
    answers.push(sender.send(request));
    request = next();
  }
  await Promise.all(answers);
  await client.close();
  return sender.result();
};

serve({ closedLoop, openLoop } satisfies LoadCalls);
