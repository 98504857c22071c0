import { AxiosHeaders } from 'axios';
import type { AxiosAdapter, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { Pool } from 'undici';
import type { Answer } from './network.error.js';
import { exchange } from './undici.exchange.js';

/** Maximum size of a response body. */
const MAX_BYTES = 1024 * 1024;

/** How long an idle connection is kept. Short, because a peer that closes it first leaves a send in doubt. */
const KEEP_ALIVE_MS = 4000;

export interface UndiciAdapterOptions {
  /** Where every request goes, with an optional path prefix. A request's url is a path below it, never a host. */
  readonly baseUrl: string;
  /** Maximum number of open connections; further requests wait while their deadline runs. */
  readonly connections: number;
  /**
   * Sent with every request. Credentials belong here: they stay out of axios' config, so no log of one can contain
   * them.
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds until a connection attempt is abandoned. Default: 10000. */
  readonly connectTimeoutMs?: number;
}

/** Options of the adapter besides axios' own. */
export interface UndiciConfig {
  /**
   * Headers of this request, names and values in turn. Axios merges, copies and normalises its own `headers` several
   * times along the way, a tenth of the cost of a send; it leaves these alone.
   */
  readonly wireHeaders?: readonly string[];
}

/** An axios adapter that owns its connections. */
export interface UndiciAdapter extends AxiosAdapter {
  /** Waits for the requests in flight, then closes the connections. */
  close(): Promise<void>;
}

/**
 * Runs axios' requests over an undici pool: keep-alive, one request at a time per connection, no redirects, no retries.
 * Uses `url` (with its query), `method`, `headers`, `wireHeaders`, `data` (a string), `timeout` (total, in
 * milliseconds) and `signal`. Every HTTP status resolves. The `data` of a response is the whole Answer; its `headers`
 * are empty, because axios would normalise each of them, used or not.
 *
 * @throws {NetworkError} (as rejection) if there is no complete answer
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
    // A server's Keep-Alive header may shorten this, not extend it.
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
  });

  async function send(
    config: InternalAxiosRequestConfig<string | undefined> & UndiciConfig,
  ): Promise<AxiosResponse<Answer>> {
    // Axios would replace a result that came before the abort with its own CanceledError, losing a sid or the knowledge
    // that nothing was written. From here on, only the exchange observes the signal.
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

/** Same result as `headers.toJSON(true)`, at a thirtieth of the cost. */
function headerPairs(headers: AxiosHeaders): string[] {
  const pairs: string[] = [];
  for (const name of Object.keys(headers)) {
    const value: unknown = headers[name];
    if (typeof value === 'string') pairs.push(name, value);
  }
  return pairs;
}
