import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { NetworkError, codeOf, kindAfterWrite, kindBeforeWrite } from './network.error.js';
import type { Answer, NetworkFailureKind } from './network.error.js';

export interface ExchangeRequest {
  readonly method: string;
  /** Including the query. */
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: string | null;
  /** Milliseconds in total: waiting for a connection, connecting, headers and body. 0 means no deadline. */
  readonly timeoutMs: number;
  /** Maximum number of body bytes read. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends one request over one connection, exactly once, and reads the complete answer. A redirect is an answer.
 * @throws {NetworkError} if there is no complete answer; it says whether the request was written
 */
export function exchange(dispatcher: Dispatcher, request: ExchangeRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    if (request.signal?.aborted === true) {
      reject(new NetworkError('aborted', false));
      return;
    }
    dispatcher.dispatch(
      {
        method: request.method,
        path: request.path,
        headers: request.headers,
        body: request.body,
        idempotent: false,
        // The deadline of the whole exchange covers both.
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      new ExchangeHandler(request, resolve, reject),
    );
  });
}

/** Follows one request through undici; the first event that ends it settles it, and everything later is ignored. */
class ExchangeHandler implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | null = null;
  #settled = false;
  #status: number | null = null;
  #headers: Answer['headers'] = {};
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  readonly #deadline: NodeJS.Timeout | null;
  readonly #endsAt: number;
  readonly #onAbort = (): void => this.#stop('aborted');

  constructor(
    private readonly request: ExchangeRequest,
    private readonly resolve: (answer: Answer) => void,
    private readonly reject: (error: NetworkError) => void,
  ) {
    const { timeoutMs } = request;
    this.#deadline = timeoutMs > 0 ? setTimeout(() => this.#expire(), timeoutMs) : null;
    this.#endsAt = timeoutMs > 0 ? performance.now() + timeoutMs : Number.POSITIVE_INFINITY;
    request.signal?.addEventListener('abort', this.#onAbort);
  }

  /** Called just before the bytes go to the socket: from here on, the request counts as written. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Throwing here is undici's way to drop a request without writing a byte or losing the connection.
    if (this.#settled) throw new Error('the request ended while it waited for a connection');
    if (this.#controller !== null) throw new Error('a request is never written twice');
    // A process that stalled while connecting must not write a request that another process may have started again
    // meanwhile.
    if (performance.now() > this.#endsAt) {
      this.#stop('connect_timeout');
      throw new Error('the deadline passed before the request was written');
    }
    this.#controller = controller;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return;
    if (this.#bytes + chunk.length > this.request.maxBytes) {
      this.#stop('too_large');
      return;
    }
    this.#bytes += chunk.length;
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const answer = this.#answer();
    if (answer !== null && this.#settle()) this.resolve(answer);
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    const code = codeOf(error);
    this.#fail(this.#controller === null ? kindBeforeWrite(code) : kindAfterWrite(code), code);
  }

  /**
   * Gives a process that was too busy to read one more turn, so that it does not mistake itself for a silent provider.
   */
  #expire(): void {
    setImmediate(() => {
      if (this.#controller === null) this.#stop('connect_timeout');
      else this.#stop(this.#status === null ? 'timeout_after_write' : 'body_timeout');
    });
  }

  #stop(kind: NetworkFailureKind): void {
    if (this.#settled) return;
    this.#fail(kind, null);
    this.#controller?.abort(new Error(kind));
  }

  #fail(kind: NetworkFailureKind, code: string | null): void {
    if (this.#settle()) this.reject(new NetworkError(kind, this.#controller !== null, code, this.#answer()));
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    this.request.signal?.removeEventListener('abort', this.#onAbort);
    return true;
  }

  #answer(): Answer | null {
    if (this.#status === null) return null;
    const [first, second] = this.#chunks;
    const bytes = second === undefined ? first : Buffer.concat(this.#chunks);
    return { status: this.#status, headers: this.#headers, text: bytes?.toString('utf8') ?? '' };
  }
}
