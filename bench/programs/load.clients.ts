import { connect, type Socket } from 'node:net';
import { type Dispatcher, Pool } from 'undici';
import { HttpMessageReader, httpText } from './http-message.js';
import type { ClientName, PreparedRequest } from './load.calls.js';

/** Sends requests over so many connections at most, one at a time on each. */
export interface LoadClient {
  /** Resolves with the answer's status when all of it is there; 0 when there was none. */
  send(request: PreparedRequest): Promise<number>;
  close(): Promise<void>;
}

export function loadClient(name: ClientName, url: string, connections: number): LoadClient {
  switch (name) {
    case 'undici':
      return new UndiciClient(new Pool(url, { connections, pipelining: 1 }));
    case 'sockets':
      return new SocketClient(new URL(url), connections);
  }
}

/** The fastest HTTP client that Node has. */
class UndiciClient implements LoadClient {
  constructor(private readonly pool: Pool) {}

  send({ method = 'POST', path, headers, body }: PreparedRequest): Promise<number> {
    return new Promise((resolve) => {
      this.pool.dispatch({ method, path, headers, body }, new AnswerHandler(resolve));
    });
  }

  close(): Promise<void> {
    return this.pool.close();
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

/**
 * As little as load can cost: it shares the machine with what it measures. Half of what undici takes, which as a client
 * for everyone must know far more of HTTP.
 */
class SocketClient implements LoadClient {
  private readonly free: Connection[] = [];
  private readonly waiting: ((connection: Connection) => void)[] = [];
  private opened = 0;

  constructor(
    private readonly url: URL,
    private readonly connections: number,
  ) {}

  async send({ method = 'POST', path, headers, body }: PreparedRequest): Promise<number> {
    const connection = this.free.pop() ?? (await this.another());
    const { host } = this.url;
    const status = await connection.send(httpText(`${method} ${path} HTTP/1.1`, { host, ...headers }, body));
    this.release(connection);
    return status;
  }

  async close(): Promise<void> {
    for (const connection of this.free) connection.close();
  }

  private another(): Connection | Promise<Connection> {
    if (this.opened < this.connections) return this.open();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private open(): Connection {
    this.opened += 1;
    return new Connection(this.url);
  }

  private release(connection: Connection): void {
    if (!connection.isOpen) this.opened -= 1;
    const next = this.waiting.shift();
    if (next) next(connection.isOpen ? connection : this.open());
    else if (connection.isOpen) this.free.push(connection);
  }
}

const READ_AT_ONCE_BYTES = 64 * 1024;

class Connection {
  private readonly socket: Socket;
  private readonly reader = new HttpMessageReader();
  private answered: (status: number) => void = () => {};
  isOpen = true;

  constructor(url: URL) {
    this.socket = connect({
      host: url.hostname,
      port: Number(url.port),
      noDelay: true,
      // One buffer for all answers of this connection, past the stream's own machinery.
      onread: {
        buffer: Buffer.allocUnsafe(READ_AT_ONCE_BYTES),
        callback: (size, buffer) => this.read(Buffer.from(buffer.buffer, buffer.byteOffset, size)),
      },
    });
    // What follows an error is `close`.
    this.socket.on('error', () => {});
    this.socket.on('close', () => this.end());
  }

  send(text: string): Promise<number> {
    return new Promise((resolve) => {
      this.answered = resolve;
      this.socket.write(text, 'latin1');
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private read(chunk: Buffer): boolean {
    const answer = this.reader.read(chunk);
    if (answer) this.answered(Number(answer.head.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length)));
    return true;
  }

  private end(): void {
    this.isOpen = false;
    this.answered(0);
  }
}
