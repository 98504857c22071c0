import { Client } from 'undici';
import { z } from 'zod';
import { storable } from './provider.answer.js';
import { exchange } from './undici.exchange.js';

/** The page lists thousands of carriers. */
const MAX_BYTES = 16 * 1024 * 1024;

export interface StatusPageOptions {
  /** Address of Statuspage's summary.json; empty switches this off. */
  readonly url: string;
  /** Names of components to report, compared ignoring case. The page's names change, so none is built in. */
  readonly componentNames: readonly string[];
  readonly timeoutMs: number;
}

interface StatusPageIncident {
  readonly name: string;
  readonly status: string;
  /** ISO 8601, as given by the page. */
  readonly startedAt: string | null;
}

export type StatusPageReading =
  | { readonly reachable: false }
  | {
      readonly reachable: true;
      /** For example "All Systems Operational". For quoting only: distant carriers make it noisy. */
      readonly description: string;
      readonly components: readonly { readonly name: string; readonly status: string }[];
      readonly incidents: readonly StatusPageIncident[];
    };

const UNREACHABLE: StatusPageReading = { reachable: false };

/** Anything longer is not a name or headline. Quotes are stored and shown with each incident. */
const LONGEST_QUOTE = 200;

const quote = z.string().transform((text) => storable(text.slice(0, LONGEST_QUOTE)));

const summary = z.object({
  status: z.object({ description: quote }),
  components: z.array(z.object({ name: quote, status: quote })),
  incidents: z.array(
    z.object({
      name: quote,
      status: quote,
      started_at: quote.nullish(),
      created_at: quote.nullish(),
    }),
  ),
});

/** Reads the provider's own status. An unreachable or unreadable page is a result, not an error: never throws. */
export async function readStatusPage(options: StatusPageOptions): Promise<StatusPageReading> {
  if (!URL.canParse(options.url)) return UNREACHABLE;
  const { origin, pathname, search } = new URL(options.url);
  try {
    const page = await fetchText(origin, `${pathname}${search}`, options.timeoutMs);
    return page === null ? UNREACHABLE : readSummary(page, options.componentNames);
  } catch {
    return UNREACHABLE;
  }
}

async function fetchText(origin: string, path: string, timeoutMs: number): Promise<string | null> {
  const client = new Client(origin);
  try {
    const headers = ['Accept', 'application/json'];
    const request = { method: 'GET', path, headers, body: null, timeoutMs, maxBytes: MAX_BYTES };
    const answer = await exchange(client, request);
    return answer.status === 200 ? answer.text : null;
  } finally {
    await client.destroy();
  }
}

function readSummary(text: string, componentNames: readonly string[]): StatusPageReading {
  const { status, components, incidents } = summary.parse(JSON.parse(text));
  const wanted = new Set(componentNames.map(comparable));
  return {
    reachable: true,
    description: status.description,
    components: components
      .filter(({ name }) => wanted.has(comparable(name)))
      .map(({ name, status }) => ({ name, status })),
    incidents: incidents.map((incident) => ({
      name: incident.name,
      status: incident.status,
      startedAt: incident.started_at ?? incident.created_at ?? null,
    })),
  };
}

function comparable(name: string): string {
  return name.trim().toLowerCase();
}
