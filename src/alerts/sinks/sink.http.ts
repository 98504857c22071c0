import { Agent, request } from 'undici';
import { retryAfterMs } from '../../http/answer.headers.js';
import { SinkError } from './sink.js';

/** From connecting to the last byte of the answer, in milliseconds. */
const DEADLINE_MS = 10_000;
const LARGEST_ANSWER_BYTES = 16 * 1024;
const QUOTED_CHARACTERS = 160;
const LONG_NUMBER = /\d{6,}/g;
/** Masking anything shorter would strike out half of the words. */
const SHORTEST_SECRET = 4;
const MASK = '•••';

/**
 * The way to the sinks: a total deadline, no redirects (a secret in a header or path must go nowhere else), and only
 * small answers. Connections are few and separate from those of the provider's client, so that a dead sink slows no
 * send.
 */
export class SinkHttp {
  private readonly agent = new Agent({ connections: 8, maxResponseSize: LARGEST_ANSWER_BYTES });

  constructor(private readonly deadlineMs = DEADLINE_MS) {}

  /**
   * Posts JSON; resolves on a 2xx.
   * @param secrets what must not be quoted from an answer, besides parts of the address
   * @throws SinkError for any other answer, or if there is none within the deadline.
   */
  async post(
    url: URL,
    body: string,
    headers: Readonly<Record<string, string>> = {},
    secrets: readonly string[] = [],
  ): Promise<void> {
    let status: number;
    let text: string;
    let asksForMs: number | null;
    try {
      const response = await request(withoutCredentials(url), {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...basicAuthorization(url), ...headers },
        body,
        dispatcher: this.agent,
        signal: AbortSignal.timeout(this.deadlineMs),
      });
      status = response.statusCode;
      asksForMs = retryAfterMs(response, Date.now());
      // The status has decided: an answer that breaks off or is too large changes nothing.
      text = await response.body.text().catch(() => '');
    } catch (error) {
      throw new SinkError(`No answer: ${whyNot(error, this.deadlineMs)}`);
    }
    if (status >= 200 && status < 300) return;
    if (status >= 300 && status < 400) throw new SinkError(`It answered ${status}; redirects are not followed`);
    throw new SinkError(`It answered ${status}${quote(text, [...secretsIn(url), ...secrets])}`, asksForMs);
  }

  /** Breaks off what is still on its way. */
  async close(): Promise<void> {
    await this.agent.destroy();
  }
}

function whyNot(error: unknown, deadlineMs: number): string {
  if (!(error instanceof Error)) return 'unknown';
  if (error.name === 'TimeoutError') return `nothing within ${deadlineMs / 1000} s`;
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

/** Answers often repeat what was asked ("Cannot POST /services/…"). */
function quote(text: string, secrets: readonly string[]): string {
  const longestFirst = secrets.toSorted((one, other) => other.length - one.length);
  const harmless = longestFirst.reduce((rest, secret) => rest.replaceAll(secret, MASK), text);
  const words = harmless.replaceAll(/\s+/g, ' ').replaceAll(LONG_NUMBER, MASK).trim().slice(0, QUOTED_CHARACTERS);
  return words === '' ? '' : `: ${words}`;
}

/** Every part of an address that may be a secret, raw and decoded: all but its host. */
function secretsIn({ pathname, search, username, password }: URL): string[] {
  const parts = [pathname, search, ...pathname.split('/'), ...search.split(/[?&=]/), username, password];
  return [...new Set(parts.flatMap((part) => [part, decoded(part)]))].filter(({ length }) => length >= SHORTEST_SECRET);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Alertmanager's own tools take a password as in `https://user:password@host`. */
function basicAuthorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}

function withoutCredentials(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare;
}

/** The address of a path below a base address, which may have a path of its own. */
export function below(base: string, path: string): URL {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`;
  return url;
}
