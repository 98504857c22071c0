import { parameter, type FormParameters } from './form.parameters.js';
import type { Ledger, LedgerRecord } from './ledger.js';
import { TwilioError } from './twilio-error.js';

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 1000;
const DAY_MS = 86_400_000;

/** One page of a list, with the 2010 API's names for its parts; `items` goes under the resource's own name. */
export interface ListPage<R> {
  readonly items: readonly R[];
  readonly frame: Readonly<Record<string, string | number | null>>;
}

/**
 * Returns the page that the query asks for from the matching records, newest first. A page token is the sid of the last
 * record shown, so records that arrive in between shift nothing.
 * @param path the list's own path, for the page URIs
 */
export function listPage<R extends LedgerRecord>(
  ledger: Ledger<R>,
  query: FormParameters,
  path: string,
  matches: (record: R) => boolean,
): ListPage<R> {
  const pageSize = Math.min(wholeNumber(query, 'PageSize') ?? DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE) || DEFAULT_PAGE_SIZE;
  const page = wholeNumber(query, 'Page') ?? 0;
  const token = parameter(query, 'PageToken')?.replace(/^PA/, '') ?? null;

  const items: R[] = [];
  let toSkip = token === null ? page * pageSize : 0;
  let hasMore = false;
  for (const record of ledger.newestFirst(parameter(query, 'To'), token)) {
    if (!matches(record)) continue;
    if (toSkip > 0) {
      toSkip -= 1;
    } else if (items.length === pageSize) {
      hasMore = true;
      break;
    } else {
      items.push(record);
    }
  }

  const uriOf = (number: number, lastSid: string | null): string => pageUri(path, query, pageSize, number, lastSid);
  return {
    items,
    frame: {
      page,
      page_size: pageSize,
      start: page * pageSize,
      end: page * pageSize + Math.max(0, items.length - 1),
      uri: uriOf(page, token),
      first_page_uri: uriOf(0, null),
      previous_page_uri: page === 0 ? null : uriOf(page - 1, null),
      next_page_uri: hasMore ? uriOf(page + 1, items.at(-1)?.sid ?? null) : null,
    },
  };
}

function pageUri(path: string, query: FormParameters, pageSize: number, page: number, lastSid: string | null): string {
  const parts = new URLSearchParams();
  for (const name of Object.keys(query)) {
    const value = parameter(query, name);
    if (value !== null && !['PageSize', 'Page', 'PageToken'].includes(name)) parts.append(name, value);
  }
  parts.append('PageSize', String(pageSize));
  parts.append('Page', String(page));
  if (lastSid !== null) parts.append('PageToken', `PA${lastSid}`);
  return `${path}?${parts.toString()}`;
}

function wholeNumber(query: FormParameters, name: string): number | null {
  const text = parameter(query, name);
  if (text === null) return null;
  if (!/^\d{1,9}$/.test(text)) throw new TwilioError(20001);
  return Number(text);
}

/**
 * Reads a date filter: `Name` is that day in GMT, `Name<` that day and before, `Name>` that day and after. A full
 * timestamp, which Twilio accepts although that is not documented, is compared as it is.
 */
export function dateFilter(query: FormParameters, name: string): (epochMs: number | null) => boolean {
  const on = dateRange(parameter(query, name));
  const until = dateRange(parameter(query, `${name}<`));
  const since = dateRange(parameter(query, `${name}>`));
  if (on === null && until === null && since === null) return () => true;
  return (epochMs) =>
    epochMs !== null &&
    (on === null || (epochMs >= on.first && epochMs <= on.last)) &&
    (until === null || epochMs <= until.last) &&
    (since === null || epochMs >= since.first);
}

function dateRange(text: string | null): { readonly first: number; readonly last: number } | null {
  if (text === null) return null;
  const first = Date.parse(text);
  if (Number.isNaN(first)) throw new TwilioError(20001);
  return { first, last: /^\d{4}-\d{2}-\d{2}$/.test(text) ? first + DAY_MS - 1 : first };
}
