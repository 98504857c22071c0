import { write, writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

const STDOUT = 1;

/** More than this is written at once, less within a quarter of a second. */
const BATCH_CHARACTERS = 32 * 1024;
const BATCH_MS = 250;

/** What waits for a standard output that nobody reads; some seconds of a busy log. What comes beyond it is lost. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;

/** How soon a reader that is behind is tried again, and how long one that stands still is waited for at the end. */
const TRY_AGAIN_MS = 20;
const LAST_WORDS_MS = 1000;
/** How long the one write that is on its way is given to be over before others follow it at the end. */
const LET_GO_MS = 100;

const LINE_FEED = 10;

/**
 * Standard output, by the batch and in the background. Pino's own destination does not fit: it never returns from its
 * `flushSync` where a disk is full, a pipe is broken or a reader stands still, and an end of the process calls that. Here
 * what cannot be written is lost and counted, and the service goes on, or ends.
 */
export class BackgroundOutput implements DestinationStream {
  private held = '';
  /** The first one may be on its way. */
  private readonly waiting: Buffer[] = [];
  private waitingBytes = 0;
  private onItsWay = false;
  private resting = false;

  /** @param onLost hears how many lines nobody will read */
  constructor(private readonly onLost: (lines: number) => void) {
    setInterval(() => this.flush(), BATCH_MS).unref();
    // Whatever ends the process, what led there is in the log.
    process.once('exit', () => this.flushSync());
  }

  write(line: string): void {
    this.held += line;
    if (this.held.length >= BATCH_CHARACTERS) this.flush();
  }

  /** Sends off what is held. */
  flush(): void {
    this.endBatch();
    this.go();
  }

  /** Everything is written, on its way, or lost, when it returns. */
  flushSync(): void {
    this.endBatch();
    // Nothing is heard any more of the one on its way: it gets a moment to come first.
    if (this.onItsWay && this.waiting.length > 1) pause(LET_GO_MS);
    const giveUpAt = performance.now() + LAST_WORDS_MS;
    for (const batch of this.waiting.splice(this.onItsWay ? 1 : 0)) {
      this.waitingBytes -= batch.length;
      this.writeNow(batch, giveUpAt);
    }
  }

  private endBatch(): void {
    const batch = Buffer.from(this.held);
    this.held = '';
    if (this.waitingBytes + batch.length > MOST_WAITING_BYTES) {
      this.lose(batch);
    } else if (batch.length > 0) {
      this.waiting.push(batch);
      this.waitingBytes += batch.length;
    }
  }

  private go(): void {
    const [batch] = this.waiting;
    if (!batch || this.onItsWay || this.resting) return;
    this.onItsWay = true;
    write(STDOUT, batch, (error, written) => {
      this.onItsWay = false;
      if (isBusy(error)) this.rest();
      else this.written(batch, error ? null : written);
      this.go();
    });
  }

  /** @param count of its bytes; null where it cannot be written */
  private written(batch: Buffer, count: number | null): void {
    if (count === null) this.lose(batch);
    this.waiting.shift();
    this.waitingBytes -= count ?? batch.length;
    if (count !== null && count < batch.length) this.waiting.unshift(batch.subarray(count));
  }

  private rest(): void {
    this.resting = true;
    setTimeout(() => {
      this.resting = false;
      this.go();
    }, TRY_AGAIN_MS).unref();
  }

  private writeNow(batch: Buffer, giveUpAt: number): void {
    for (let left = batch; left.length > 0;) {
      try {
        left = left.subarray(writeSync(STDOUT, left));
      } catch (error) {
        if (!isBusy(error) || performance.now() > giveUpAt) {
          this.lose(left);
          return;
        }
        pause(TRY_AGAIN_MS);
      }
    }
  }

  private lose(batch: Buffer): void {
    const lines = batch.reduce((count, byte) => (byte === LINE_FEED ? count + 1 : count), 0);
    if (lines > 0) this.onLost(lines);
  }
}

/** Its reader is behind: a pipe that is full says so where it may not block. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}

/** Stands still: there is no event loop left to wait in. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
