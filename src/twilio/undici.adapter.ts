import { AxiosHeaders } from 'axios';
import type { AxiosAdapter, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { Pool } from 'undici';
import type { Answer } from './network.error.js';
import { exchange } from './undici.exchange.js';

/** Of a response's body. */
const MAX_BYTES = 1024 * 1024;

/** An idle connection is kept for so long. Short, because a peer that closes it first makes a doubtful send. */
const KEEP_ALIVE_MS = 4000;

export interface UndiciAdapterOptions {
  /** Where every request goes, with an optional path prefix. The url of a request is a path below it, never a host. */
  readonly baseUrl: string;
  /** Connections that are open at most; further requests wait, and their deadline runs. */
  readonly connections: number;
  /** Sent with every request. Credentials belong here: kept out of axios' config, no log of one can carry them. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds until a connection attempt is given up. Default: 10000. */
  readonly connectTimeoutMs?: number;
}

/** What the adapter heeds of a config besides axios' own options. */
export interface UndiciConfig {
  /**
   * Headers of this request, names and values in turn. Axios merges, copies and normalises its own `headers` several
   * times on their way, a tenth of what a send costs; these it leaves alone.
   */
  readonly wireHeaders?: readonly string[];
}

/** An axios adapter that owns its connections. */
export interface UndiciAdapter extends AxiosAdapter {
  /** Lets the requests in flight end, then closes the connections. */
  close(): Promise<void>;
}

/**
 * Carries axios' requests over an undici pool: keep-alive, one request at a time on a connection, no redirects, no
 * retries. Heeds `url` (with its query), `method`, `headers`, `wireHeaders`, `data` (a string), `timeout` (total, in
 * milliseconds) and `signal`. Every HTTP status resolves. The `data` of a response is the whole
 * Answer; its `headers` are empty, because axios normalises each of them, heeded or not.
 *
 * @throws {NetworkError} (as rejection) when there is no whole answer.
 */
export function undiciAdapter(options: UndiciAdapterOptions): UndiciAdapter {
  const { origin, pathname } = new URL(options.baseUrl);
  const basePath = pathname.replace(/\/+$/, '');
  const fixedHeaders = Object.entries(options.headers ?? {}).flat();
  const pool = new Pool(origin, {
    connections: options.connections,
    pipelining: 1,
    connectTimeout: options.connectTimeoutMs ?? 10_000,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // What a server's Keep-Alive header allows may be shorter, not longer.
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
  });

  async function send(
    config: InternalAxiosRequestConfig<string | undefined> & UndiciConfig,
  ): Promise<AxiosResponse<Answer>> {
    // Axios would put its own CanceledError over a result that came before the abort, and with it lose a sid or the
    // knowledge that nothing was written; from here on the exchange alone heeds the signal.
    const { signal } = config;
    delete config.signal;
    const answer = await exchange(pool, {
      method: (config.method ?? 'get').toUpperCase(),
      path: `${basePath}${config.url ?? '/'}`,
      headers: [...fixedHeaders, ...headerPairs(config.headers), ...(config.wireHeaders ?? [])],
      body: config.data ?? null,
      timeoutMs: config.timeout ?? 0,
      maxBytes: MAX_BYTES,
      signal: signal instanceof AbortSignal ? signal : undefined,
    });
    return { data: answer, status: answer.status, statusText: '', headers: new AxiosHeaders(), config };
  }

  return Object.assign(send, { close: () => pool.close() });
}

/** What `headers.toJSON(true)` gives, at a thirtieth of its price. */
function headerPairs(headers: AxiosHeaders): string[] {
  const pairs: string[] = [];
  for (const name of Object.keys(headers)) {
    const value: unknown = headers[name];
    if (typeof value === 'string') pairs.push(name, value);
  }
  return pairs;
}
