import { Problem } from '../problems/problem.js';

export const BUCKETS = ['minute', 'hour', 'day'] as const;
export type Bucket = (typeof BUCKETS)[number];

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const BUCKET_MS = { minute: MINUTE_MS, hour: HOUR_MS, day: 24 * HOUR_MS } as const satisfies Record<Bucket, number>;

const USUAL_SPAN_MS = 24 * HOUR_MS;

/** The longest spans that are divided into minutes and into hours by default. */
const MINUTES_UP_TO_MS = 3 * HOUR_MS;
const HOURS_UP_TO_MS = 96 * HOUR_MS;

/** The first moment that PostgreSQL and ISO 8601 write in the same way. */
const EARLIEST_MS = Date.parse('0001-01-01T00:00:00Z');

/** More buckets than this are no summary. */
const MOST_BUCKETS = 10_000;

export interface SummarySpan {
  readonly from: Date;
  readonly until: Date;
  readonly bucket: Bucket;
}

/**
 * The time that a summary covers: by default the last 24 hours. Pure.
 * @throws Problem `validation-failed` for a span that is empty or has too many buckets.
 */
export function summarySpan(asked: { from?: string; until?: string; bucket?: Bucket }, now: Date): SummarySpan {
  const until = asked.until === undefined ? now : new Date(asked.until);
  const from = asked.from === undefined ? usualStart(until) : new Date(asked.from);
  const spanMs = until.getTime() - from.getTime();
  if (spanMs <= 0) {
    throw asked.from === undefined
      ? refusal('/until', 'has no time before it')
      : refusal('/from', 'must be before until');
  }
  const bucket = asked.bucket ?? bucketFor(spanMs);
  if (spanMs / BUCKET_MS[bucket] > MOST_BUCKETS) {
    throw asked.bucket === undefined
      ? refusal('/from', `is too long before until: it would be more than ${MOST_BUCKETS} days`)
      : refusal('/bucket', `is too short for this span: it would be more than ${MOST_BUCKETS} buckets`);
  }
  return { from, until, bucket };
}

function usualStart(until: Date): Date {
  return new Date(Math.max(until.getTime() - USUAL_SPAN_MS, EARLIEST_MS));
}

function bucketFor(spanMs: number): Bucket {
  if (spanMs <= MINUTES_UP_TO_MS) return 'minute';
  return spanMs <= HOURS_UP_TO_MS ? 'hour' : 'day';
}

function refusal(pointer: string, detail: string): Problem {
  return new Problem('validation-failed', { detail: `${pointer.slice(1)} ${detail}.`, errors: [{ pointer, detail }] });
}
