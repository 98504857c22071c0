import type { IncomingHttpHeaders } from 'node:http';
import { parameter, parseForm, type FormParameters } from './form.parameters.js';
import { bareNumber } from './phone.address.js';

/** A request as received, before anything was decided about it. */
export interface ReceivedRequest {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly method: string;
  /** Including the query string. */
  readonly path: string;
  /** Form-urlencoded; kept as received, and parsed only on demand. */
  readonly form: string;
  readonly headers: IncomingHttpHeaders;
}

/** A request as the control endpoint shows it: without its credentials. */
export interface ShownRequest {
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly params: FormParameters;
  readonly headers: IncomingHttpHeaders;
}

/** The newest requests, in order of arrival. */
export class RequestJournal {
  #requests: ReceivedRequest[] = [];
  #received = 0;

  constructor(private readonly limit: number) {}

  /** Number of requests since the start or the last clear, including those dropped since; 0 if the limit is 0. */
  get received(): number {
    return this.#received;
  }

  add(request: ReceivedRequest): void {
    if (this.limit === 0) return;
    this.#requests[this.#received % this.limit] = request;
    this.#received += 1;
  }

  clear(): void {
    this.#requests = [];
    this.#received = 0;
  }

  /** Oldest first. @param to only requests for this recipient, with or without `whatsapp:` */
  list(to: string | null): ShownRequest[] {
    const oldest = this.#received > this.limit ? this.#received % this.limit : 0;
    const shown = [...this.#requests.slice(oldest), ...this.#requests.slice(0, oldest)].map(show);
    return to === null ? shown : shown.filter((request) => isFor(request, bareNumber(to)));
  }
}

function show({ at, method, path, form, headers }: ReceivedRequest): ShownRequest {
  const { authorization: _secret, ...shown } = headers;
  return { at: new Date(at).toISOString(), method, path, params: parseForm(form), headers: shown };
}

function isFor(request: ShownRequest, number: string): boolean {
  const to = parameter(request.params, 'To');
  return to !== null && bareNumber(to) === number;
}
