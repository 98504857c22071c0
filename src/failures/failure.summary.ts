import { Injectable } from '@nestjs/common';
import { Database, type Statement } from '../database/database.js';
import { DatabaseClock } from '../database/database.clock.js';
import { Searches } from '../database/searches.js';
import type { Channel, ErrorClass } from '../policy/vocabulary.js';
import { FITS_FILTER, filterValues } from './failure.filter.js';
import type { FailureSummaryDto, FailureSummaryQuery } from './failure-summary.dto.js';
import { summarySpan } from './summary.span.js';

/**
 * All counts in one pass over the span: first by all columns together, which leaves few rows, then those by each.
 * Parameter after the filter's: the length of a bucket.
 */
const SUMMARIZE: Statement = {
  name: 'failures-summarize',
  plan: 'each_time',
  text: `
    WITH combined AS MATERIALIZED (
      SELECT f.error_class, f.http_status, f.provider_code, f.channel, f.client_id,
        date_trunc($10::text, f.at, 'UTC') AS bucket, count(*) AS count
      FROM failures f
      WHERE ${FITS_FILTER}
      GROUP BY 1, 2, 3, 4, 5, 6
    ), counted AS (
      SELECT
        CASE WHEN grouping(channel) = 0 THEN 'channel'
             WHEN grouping(client_id) = 0 THEN 'client'
             WHEN grouping(provider_code) = 0 THEN 'code'
             WHEN grouping(error_class) = 0 THEN 'error_class'
             WHEN grouping(bucket) = 0 THEN 'time'
             ELSE 'total' END AS by,
        error_class, http_status, provider_code, channel, client_id, bucket, coalesce(sum(count), 0)::int AS count
      FROM combined
      GROUP BY GROUPING SETS ((), (error_class), (http_status, provider_code, error_class), (channel), (client_id), (bucket))
    )
    SELECT c.by, c.error_class AS "errorClass", c.http_status AS "httpStatus", c.provider_code AS "providerCode",
      c.channel, c.client_id AS "clientId", clients.name, c.bucket AS at, c.count
    FROM counted c LEFT JOIN clients ON c.by = 'client' AND clients.id = c.client_id
    ORDER BY c.bucket, c.count DESC, c.error_class, c.http_status, c.provider_code, c.channel, clients.name`,
};

type CountRow =
  | { readonly by: 'total'; readonly count: number }
  | { readonly by: 'error_class'; readonly errorClass: ErrorClass; readonly count: number }
  | {
      readonly by: 'code';
      readonly httpStatus: number | null;
      readonly providerCode: number | null;
      readonly errorClass: ErrorClass;
      readonly count: number;
    }
  | { readonly by: 'channel'; readonly channel: Channel; readonly count: number }
  | { readonly by: 'client'; readonly clientId: string; readonly name: string | null; readonly count: number }
  | { readonly by: 'time'; readonly at: Date; readonly count: number };

/** Counts failures by what they have in common. */
@Injectable()
export class FailureSummary {
  constructor(
    private readonly database: Database,
    private readonly clock: DatabaseClock,
    private readonly searches: Searches,
  ) {}

  /** @throws Problem `validation-failed` for a span that cannot be summarized. */
  async of(query: FailureSummaryQuery): Promise<FailureSummaryDto> {
    await this.clock.refresh();
    const span = summarySpan(query, this.clock.now());
    const from = span.from.toISOString();
    const until = span.until.toISOString();
    const values = [...filterValues({ ...query, from, until }), span.bucket];
    const rows = await this.searches.run(() => this.database.run<CountRow>(SUMMARIZE, values));
    return { from, until, bucket: span.bucket, ...countsOf(rows) };
  }
}

function countsOf(rows: readonly CountRow[]): Omit<FailureSummaryDto, 'from' | 'until' | 'bucket'> {
  return {
    total: rows.find((row) => row.by === 'total')?.count ?? 0,
    byErrorClass: rows
      .filter((row) => row.by === 'error_class')
      .map(({ errorClass, count }) => ({ errorClass, count })),
    byCode: rows
      .filter((row) => row.by === 'code')
      .map(({ httpStatus, providerCode, errorClass, count }) => ({ httpStatus, providerCode, errorClass, count })),
    byChannel: rows.filter((row) => row.by === 'channel').map(({ channel, count }) => ({ channel, count })),
    byClient: rows.filter((row) => row.by === 'client').map(({ clientId, name, count }) => ({ clientId, name, count })),
    byTime: rows.filter((row) => row.by === 'time').map(({ at, count }) => ({ at: at.toISOString(), count })),
  };
}
