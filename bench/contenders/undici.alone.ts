import type { Stage } from '../stage/stage.js';
import type { Contender, Running, Setup } from './contender.js';

/** The limit of every sender: the same requests by Node's fastest HTTP client, with nobody who claims or records. */
export const UNDICI_ALONE: Contender = {
  name: 'undici alone',
  missing: () => null,
  start: async (stage, setup) => new UndiciAlone(stage, setup),
};

class UndiciAlone implements Running {
  readonly url: string;
  readonly pids: readonly number[];
  readonly requests = { kind: 'messages' } as const;
  private sending: Promise<unknown> = Promise.resolve();
  private isSending = false;

  constructor(
    private readonly stage: Stage,
    private readonly setup: Setup,
  ) {
    this.url = stage.provider.url;
    this.pids = [stage.load.pid];
  }

  storeCpuMicros(): number {
    return 0;
  }

  async fill(count: number): Promise<void> {
    this.isSending = true;
    const { url, requests } = this;
    const connections = this.setup.concurrency;
    this.sending = this.stage.load
      .call('closedLoop', { url, client: 'undici', connections, requests, seconds: 60, most: count })
      .finally(() => {
        this.isSending = false;
      });
    // Whoever asks what is unfinished hears of a failure.
    this.sending.catch(() => {});
  }

  async unfinished(): Promise<number> {
    if (!this.isSending) await this.sending;
    return Number(this.isSending);
  }

  async stop(): Promise<void> {
    // Why it failed was heard by whoever waited for it; it is over either way.
    await Promise.allSettled([this.sending]);
  }
}
