import { randomUUID } from 'node:crypto';
import { stringify } from 'node:querystring';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { Agent, request } from 'undici';
import { splitCallbackUrl, type CallbackFailure, type CallbackPolicy } from './connection-overrides.js';
import { DelayLine } from './delay.line.js';
import { Fifo } from './fifo.js';

const MAX_IN_FLIGHT = 64;
/** If this many callbacks are pending, new ones are dropped: Twilio does not guarantee them either. */
const MAX_WAITING = 200_000;
const CONNECT_TIMEOUT_MS = 5_000;

const noResults = () => ({ delivered: 0, failed: 0, retried: 0, dropped: 0 });

/** A webhook to send. The URL is as given, including its fragment. */
export interface Callback {
  readonly url: string;
  readonly parameters: Readonly<Record<string, string>>;
}

interface Job {
  readonly url: string;
  readonly policy: CallbackPolicy;
  readonly parameters: Readonly<Record<string, string>>;
  /** The same for every try, like Twilio's I-Twilio-Idempotency-Token. */
  readonly token: string;
  /** In `performance.now()` time; set at the first try. */
  deadline: number | null;
  triesLeft: number;
  /** Where its result counts: no longer among the current ones once {@link CallbackSender.clear} was called. */
  readonly counts: ReturnType<typeof noResults>;
  readonly settled: (status: number | null) => void;
}

/** Sends signed webhooks, at most 64 at a time, over kept-alive connections. Never throws because of a bad receiver. */
export class CallbackSender {
  counts = noResults();
  readonly #waiting = new Fifo<Job>();
  readonly #retries: DelayLine;
  readonly #agent = new Agent({ connections: MAX_IN_FLIGHT, connect: { timeout: CONNECT_TIMEOUT_MS } });
  #inFlight = 0;
  #closed = false;

  /** @param retryMs milliseconds between one try and the next */
  constructor(
    private readonly authToken: string,
    retryMs: number,
  ) {
    this.#retries = new DelayLine(retryMs);
  }

  /** How many callbacks are neither delivered nor given up. */
  get pending(): number {
    return this.#waiting.size + this.#retries.waiting + this.#inFlight;
  }

  send(callback: Callback): void {
    this.#enqueue(callback, () => {});
  }

  /** @returns the receiver's last HTTP status; null when it never answered, or the callback was dropped */
  async deliver(callback: Callback): Promise<number | null> {
    return await new Promise((settled) => this.#enqueue(callback, settled));
  }

  /** Starts anew: drops what has not gone out yet; what is on its way is not tried again, and not counted. */
  clear(): void {
    this.counts = noResults();
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) job.settled(null);
    this.#retries.clear();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.clear();
    await this.#agent.destroy();
  }

  #enqueue(callback: Callback, settled: Job['settled']): void {
    if (this.#closed || this.pending >= MAX_WAITING) {
      this.counts.dropped += 1;
      settled(null);
      return;
    }
    const { url, policy } = splitCallbackUrl(callback.url);
    this.#waiting.push({
      url,
      policy,
      parameters: callback.parameters,
      token: randomUUID(),
      deadline: null,
      triesLeft: policy.retries,
      counts: this.counts,
      settled,
    });
    this.#pump();
  }

  #pump(): void {
    while (this.#inFlight < MAX_IN_FLIGHT) {
      const job = this.#waiting.shift();
      if (job === undefined) return;
      this.#inFlight += 1;
      void this.#try(job);
    }
  }

  async #try(job: Job): Promise<void> {
    job.deadline ??= performance.now() + job.policy.totalMs;
    const result = await this.#post(job, job.deadline);
    this.#inFlight -= 1;
    const failure = typeof result === 'number' ? failureOf(result) : result;
    if (failure === null) {
      job.counts.delivered += 1;
    } else if (this.#mayTryAgain(job, job.deadline, failure)) {
      this.#tryLater(job);
      this.#pump();
      return;
    } else {
      job.counts.failed += 1;
    }
    job.settled(typeof result === 'number' ? result : null);
    this.#pump();
  }

  #mayTryAgain(job: Job, deadline: number, failure: CallbackFailure): boolean {
    return (
      job.counts === this.counts && job.triesLeft > 0 && job.policy.retryOn.has(failure) && performance.now() < deadline
    );
  }

  #tryLater(job: Job): void {
    this.counts.retried += 1;
    job.triesLeft -= 1;
    const again = (): void => {
      this.#waiting.push(job);
      this.#pump();
    };
    this.#retries.later(again, () => job.settled(null));
  }

  async #post(job: Job, deadline: number): Promise<number | CallbackFailure> {
    const timeout = Math.max(1, Math.min(job.policy.readTimeoutMs, deadline - performance.now()));
    try {
      const response = await request(job.url, {
        dispatcher: this.#agent,
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
          'user-agent': 'TwilioProxy/1.1',
          'x-twilio-signature': getExpectedTwilioSignature(this.authToken, job.url, job.parameters),
          'i-twilio-idempotency-token': job.token,
        },
        // Twilio writes a blank as a plus.
        body: stringify(job.parameters).replaceAll('%20', '+'),
        headersTimeout: timeout,
        bodyTimeout: timeout,
      });
      await response.body.dump();
      return response.statusCode;
    } catch (error) {
      return isConnectFailure(error) ? 'ct' : 'rt';
    }
  }
}

function failureOf(status: number): CallbackFailure | null {
  if (status >= 500) return '5xx';
  return status >= 400 ? '4xx' : null;
}

function isConnectFailure(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT'].includes(String(code));
}
