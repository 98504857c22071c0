/** A server's response to one of our requests, whichever server it is. */
interface Answered {
  /** By name in lower case; a list if a name came more than once. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A header's value, repeated ones combined as RFC 9110 section 5.3 allows; null if there is none. */
export function headerOf(answer: Answered, name: string): string | null {
  const value = answer.headers[name] ?? null;
  return Array.isArray(value) ? value.join(', ') : value;
}

const SECONDS = /^\d+(?:\.\d+)?$/;
/** Longer than anybody waits, and still a valid date when added to now. */
const LONGEST_SECONDS = 999_999_999;
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * How long Retry-After asks to wait, in milliseconds; null if it is absent, unreadable or asks for no wait at all (0 or
 * a past date), which is no permission to retry without a pause. A date is measured from the response's own Date, if it
 * has one, so that a wrong clock on either side does not matter. Source: RFC 9110 section 10.2.3.
 */
export function retryAfterMs(answer: Answered, now: number): number | null {
  const wait = askedToWait(answer, now);
  return wait !== null && wait > 0 ? wait : null;
}

function askedToWait(answer: Answered, now: number): number | null {
  const value = headerOf(answer, 'retry-after')?.trim() ?? '';
  // RFC 9110 knows no fractions of seconds, but what they mean is plain.
  if (SECONDS.test(value)) return Math.min(Math.ceil(Number(value)), LONGEST_SECONDS) * 1000;
  if (!HTTP_DATE.test(value)) return null;
  const sentAt = Date.parse(headerOf(answer, 'date') ?? '');
  const wait = Date.parse(value) - (Number.isNaN(sentAt) ? now : sentAt);
  return Number.isNaN(wait) ? null : wait;
}
