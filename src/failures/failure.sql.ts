import type { Statement } from '../database/database.js';
import type { RecordedNextStep } from '../policy/next-step.js';
import type { Channel, ErrorClass, Outcome, ResponsibleParty } from '../policy/vocabulary.js';
import { FITS_FILTER } from './failure.filter.js';

/** A failure together with the attempt that it is about. */
export interface FailureRow {
  readonly id: string;
  readonly at: Date;
  readonly notificationId: string;
  readonly deliveryId: string;
  readonly attemptId: string;
  readonly callbackId: string | null;
  readonly clientId: string;
  readonly channel: Channel;
  readonly number: number | null;
  readonly startedAt: Date | null;
  readonly durationMs: number | null;
  readonly outcome: Outcome;
  readonly httpStatus: number | null;
  readonly providerCode: number | null;
  readonly providerMessage: string | null;
  readonly providerRequestId: string | null;
  readonly errorClass: ErrorClass;
  readonly responsible: ResponsibleParty;
  readonly nextStep: RecordedNextStep;
  readonly possibleDuplicate: boolean;
  readonly providerBody: string | null;
}

const FAILURE = `
  f.id, f.at, f.notification_id AS "notificationId", f.delivery_id AS "deliveryId", f.attempt_id AS "attemptId",
  f.callback_id AS "callbackId", f.client_id AS "clientId", f.channel, a.number, a.started_at AS "startedAt",
  a.duration_ms AS "durationMs", f.outcome, f.http_status AS "httpStatus", f.provider_code AS "providerCode",
  f.provider_message AS "providerMessage", a.provider_request_id AS "providerRequestId",
  f.error_class AS "errorClass", f.responsible, f.next_step AS "nextStep",
  coalesce(a.possible_duplicate, false) AS "possibleDuplicate"`;

/** A failure of a page. One that does not fit belongs to the next page, and comes without its provider body. */
export type PagedFailure = FailureRow & { readonly fits: boolean };

/** The most bytes of provider bodies in a page before the last one's: each may have 1 MiB. */
const PAGE_BYTES = 4 * 1024 * 1024;

/** PostgreSQL knows the length of a body without reading it. The first row always fits. */
const fits = (order: string): string => `
  coalesce(sum(octet_length(provider_body)) OVER (
    ORDER BY ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  ), 0) < ${PAGE_BYTES} AS fits`;

const IF_IT_FITS = `CASE WHEN f.fits THEN f.provider_body END AS "providerBody", f.fits`;

/**
 * The attempt `a` of a failure `f`, looked up by its id. With a plain join, PostgreSQL might read the whole index of
 * attempts: if its statistics are older than the newest failures, it expects to find them after a few rows.
 */
const OF_ATTEMPT = `LEFT JOIN LATERAL (SELECT * FROM attempts WHERE id = f.attempt_id LIMIT 1) AS a ON true`;

/**
 * A page of the history, newest first, cut before its attempts are looked up. Parameters after the filter's: the id
 * before it, how many. Not prepared, like all statements with optional filters: each combination deserves its own plan.
 */
export const LIST_FAILURES: Statement = {
  name: 'failures-list',
  plan: 'each_time',
  text: `
    SELECT ${FAILURE}, ${IF_IT_FITS}
    FROM (
      SELECT *, ${fits('id DESC')}
      FROM (
        SELECT * FROM failures AS f
        WHERE ${FITS_FILTER} AND ($10::uuid IS NULL OR f.id < $10)
        ORDER BY f.id DESC LIMIT $11
      ) AS page
    ) AS f ${OF_ATTEMPT}
    ORDER BY f.id DESC`,
};

/**
 * The same in the order of the index on (at, id): all pages together read each row of a time range once, whatever the
 * other filters are, and nothing outside it. Parameters after the filter's: time and id of the row before, how many.
 */
export const LIST_FAILURES_BY_TIME: Statement = {
  name: 'failures-list-by-time',
  plan: 'each_time',
  text: `
    SELECT ${FAILURE}, ${IF_IT_FITS}, to_char(f.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "exactAt"
    FROM (
      SELECT *, ${fits('at DESC, id DESC')}
      FROM (
        SELECT * FROM failures AS f
        WHERE ${FITS_FILTER} AND ($10::timestamptz IS NULL OR (f.at, f.id) < ($10, $11))
        ORDER BY f.at DESC, f.id DESC LIMIT $12
      ) AS page
    ) AS f ${OF_ATTEMPT}
    ORDER BY f.at DESC, f.id DESC`,
};

/** The latest failures of a notification. */
export const LATEST_FAILURES: Statement = {
  name: 'failures-latest',
  text: `
    SELECT ${FAILURE}, f.provider_body AS "providerBody"
    FROM (SELECT * FROM failures WHERE notification_id = $1 OFFSET 0) AS f
    ${OF_ATTEMPT}
    ORDER BY f.at DESC, f.id DESC LIMIT $2`,
};
