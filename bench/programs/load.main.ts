import { setTimeout as delay } from 'node:timers/promises';
import { type Dispatcher, Pool } from 'undici';
import { serve } from '../stage/rpc.js';
import type { LoadCalls, LoadResult } from './load.calls.js';
import { type NextRequest, requestSource } from './load.requests.js';
import { monotonicMs } from './provider.calls.js';

/** Sends load from a process of its own, over the fastest HTTP client that Node has, and keeps what each answer took. */
class Sender {
  private readonly latenciesMs: number[] = [];
  private readonly postedAt: Record<string, number> = {};
  private readonly startedAt = monotonicMs();
  private endedAt = 0;
  private failures = 0;

  constructor(
    private readonly pool: Pool,
    private readonly tracesOrders: boolean,
  ) {}

  /** Resolves with the answer's end, whatever it was. */
  send({ path, headers, body, order }: NextRequest): Promise<void> {
    return new Promise((resolve) => {
      const begin = monotonicMs();
      if (this.tracesOrders && order !== undefined) this.postedAt[String(order).padStart(9, '0')] = begin;
      const done = (status: number) => {
        this.endedAt = monotonicMs();
        if (status >= 200 && status < 300) this.latenciesMs.push(this.endedAt - begin);
        else this.failures += 1;
        resolve();
      };
      this.pool.dispatch({ method: 'POST', path, headers, body }, new AnswerHandler(done));
    });
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

/** Only the status counts. */
class AnswerHandler implements Dispatcher.DispatchHandler {
  private status = 0;

  constructor(private readonly done: (status: number) => void) {}

  onRequestStart(): void {}

  onResponseStart(_: Dispatcher.DispatchController, status: number): void {
    this.status = status;
  }

  onResponseData(): void {}

  onResponseEnd(): void {
    this.done(this.status);
  }

  onResponseError(): void {
    this.done(0);
  }
}

const closedLoop: LoadCalls['closedLoop'] = async ({ url, connections, requests, seconds, most }) => {
  const pool = new Pool(url, { connections, pipelining: 1 });
  const next = requestSource(requests);
  const sender = new Sender(pool, false);
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
  await pool.close();
  return sender.result();
};

const openLoop: LoadCalls['openLoop'] = async ({ url, connections, requests, seconds, most, perSecond }) => {
  const pool = new Pool(url, { connections, pipelining: 1 });
  const next = requestSource(requests);
  const sender = new Sender(pool, requests.kind === 'notifications' && perSecond <= 1000);
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
  await pool.close();
  return sender.result();
};

serve({ closedLoop, openLoop } satisfies LoadCalls);
