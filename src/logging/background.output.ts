import { write, writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

const STDOUT = 1;

/** A full batch is written at once, another within a quarter of a second. Each write wakes a thread to do it. */
const BATCH_BYTES = 256 * 1024;
/** UTF-8 takes no more for one of JavaScript's characters. */
const MOST_BYTES_A_CHARACTER = 3;
const BATCH_MS = 250;

/**
 * Limit for output that waits for a reader of standard output; some seconds of a busy log. Anything beyond it is lost.
 */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;

/** How soon a slow reader is tried again, and how long a stalled one is waited for at exit. */
const TRY_AGAIN_MS = 20;
const LAST_WORDS_MS = 1000;
/** How long a write in progress is given to finish at exit before others follow it. */
const LET_GO_MS = 100;

const LINE_FEED = 10;

/**
 * Standard output, written in batches in the background. Pino's own destination does not fit: its `flushSync`, which
 * runs at exit, never returns if a disk is full, a pipe is broken or a reader stalls. Here, output that cannot be
 * written is dropped and counted, and the service continues, or exits.
 */
export class BackgroundOutput implements DestinationStream {
  /** Lines as bytes: as strings, the garbage collector would carry all their pieces from one place to another. */
  private readonly held = Buffer.allocUnsafe(BATCH_BYTES);
  private heldBytes = 0;
  /** The first batch may be in the middle of being written. */
  private readonly waiting: Buffer[] = [];
  private waitingBytes = 0;
  private onItsWay = false;
  private resting = false;

  /** @param onLost receives the number of lines that were dropped */
  constructor(private readonly onLost: (lines: number) => void) {
    setInterval(() => this.flush(), BATCH_MS).unref();
    // However the process ends, the log shows what led there.
    process.once('exit', () => this.flushSync());
  }

  write(line: string): void {
    const most = line.length * MOST_BYTES_A_CHARACTER;
    if (this.heldBytes + most > BATCH_BYTES) this.flush();
    if (most > BATCH_BYTES) this.queue(Buffer.from(line));
    else this.heldBytes += this.held.write(line, this.heldBytes);
  }

  /** Starts writing the lines held so far. */
  flush(): void {
    this.endBatch();
    this.go();
  }

  /** When this returns, everything has been written, is being written, or was dropped. */
  flushSync(): void {
    this.endBatch();
    // The result of the write in progress can no longer be received, so give it a moment to finish first.
    if (this.onItsWay && this.waiting.length > 1) pause(LET_GO_MS);
    const giveUpAt = performance.now() + LAST_WORDS_MS;
    for (const batch of this.waiting.splice(this.onItsWay ? 1 : 0)) {
      this.waitingBytes -= batch.length;
      this.writeNow(batch, giveUpAt);
    }
  }

  private endBatch(): void {
    if (this.heldBytes > 0) this.queue(Buffer.from(this.held.subarray(0, this.heldBytes)));
    this.heldBytes = 0;
  }

  private queue(batch: Buffer): void {
    if (this.waitingBytes + batch.length > MOST_WAITING_BYTES) {
      this.lose(batch);
    } else {
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

  /** @param count the bytes written; null if it cannot be written */
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

/** The reader is behind: a full pipe reports this if the write may not block. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}

/** Blocks the thread: there is no event loop left to wait in. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
