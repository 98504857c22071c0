/** What a server answered to a request of ours, whoever that is. */
interface Answered {
  /** By their names in lower case; a list where a name came more than once. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** One value a name, as RFC 9110 section 5.3 lets a recipient combine them; null where there is none. */
export function headerOf(answer: Answered, name: string): string | null {
  const value = answer.headers[name] ?? null;
  return Array.isArray(value) ? value.join(', ') : value;
}

const SECONDS = /^\d+(?:\.\d+)?$/;
/** Longer than anybody waits, and still a date. */
const LONGEST_SECONDS = 999_999_999;
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * How long Retry-After asks to wait, in milliseconds; null when it is absent, unreadable or asks for no wait at all, as 0
 * and a date gone by do: that is no leave to ask again and again. A date is measured from the answer's own Date where it
 * has one, so that a wrong clock on either side does not matter. Source: RFC 9110 section 10.2.3.
 */
export function retryAfterMs(answer: Answered, now: number): number | null {
  const wait = askedToWait(answer, now);
  return wait !== null && wait > 0 ? wait : null;
}

function askedToWait(answer: Answered, now: number): number | null {
  const value = headerOf(answer, 'retry-after')?.trim() ?? '';
  // Fractions are no seconds of RFC 9110's, but what they mean is plain.
  if (SECONDS.test(value)) return Math.min(Math.ceil(Number(value)), LONGEST_SECONDS) * 1000;
  if (!HTTP_DATE.test(value)) return null;
  const sentAt = Date.parse(headerOf(answer, 'date') ?? '');
  const wait = Date.parse(value) - (Number.isNaN(sentAt) ? now : sentAt);
  return Number.isNaN(wait) ? null : wait;
}
