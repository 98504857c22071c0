import { Injectable } from '@nestjs/common';
import { validate as isUuid } from 'uuid';
import { Database } from '../database/database.js';
import { decodeCursor, type Page, pageById, toPage } from '../http/pagination.js';
import { isMoment } from '../validation/field.rules.js';
import { toFailureDto, type FailureDto } from './failure.dto.js';
import { filterValues, type FailureFilter, type FailuresQuery } from './failure.filter.js';
import {
  EXPORT_FAILURES,
  LATEST_FAILURES,
  LIST_FAILURES,
  LIST_FAILURES_BY_TIME,
  type FailureRow,
} from './failure.sql.js';

/** The most in memory at a time during an export: rows, and bytes of provider bodies before the last row's. */
const EXPORT_PAGE = { rows: 500, bytes: 4 * 1024 * 1024 } as const;

/** `exactAt`: to the microsecond, as in the database. */
type TimedRow = FailureRow & { readonly exactAt: string };

/** Reads the failure history. */
@Injectable()
export class FailureHistory {
  constructor(private readonly database: Database) {}

  /** Newest first. @throws Problem `validation-failed` for a cursor of another list. */
  async page(query: FailuresQuery): Promise<Page<FailureDto>> {
    if (query.from !== undefined || query.until !== undefined) return await this.pageOfSpan(query);
    return await pageById('failures', query, async (before, most) => {
      const rows = await this.database.run<FailureRow>(LIST_FAILURES, [...filterValues(query), before, most]);
      return rows.map(toFailureDto);
    });
  }

  /** The last failures of one notification, newest first. */
  async latestOf(notificationId: string, limit: number): Promise<FailureDto[]> {
    return (await this.database.run<FailureRow>(LATEST_FAILURES, [notificationId, limit])).map(toFailureDto);
  }

  /**
   * Everything that matches, newest first, with one page in memory at a time and no transaction held between pages.
   * What fails while it is read does not appear in it.
   */
  async *all(filter: FailureFilter): AsyncGenerator<FailureDto> {
    let before: TimedRow | undefined;
    for (;;) {
      const values = [...filterValues(filter), before?.exactAt ?? null, before?.id ?? null];
      const page = [...values, EXPORT_PAGE.rows, EXPORT_PAGE.bytes];
      const rows: TimedRow[] = await this.database.run<TimedRow>(EXPORT_FAILURES, page);
      yield* rows.map(toFailureDto);
      before = rows.at(-1);
      if (!before) return;
    }
  }

  private async pageOfSpan(query: FailuresQuery): Promise<Page<FailureDto>> {
    const [at, id] =
      query.cursor === undefined ? [null, null] : decodeCursor('failures', query.cursor, [isExactMoment, isUuid]);
    const rows = await this.byTime(query, at, id, query.limit + 1);
    return toPage('failures', rows, query.limit, ({ exactAt, id }) => [exactAt, id], toFailureDto);
  }

  private byTime(filter: FailureFilter, at: string | null, id: string | null, limit: number): Promise<TimedRow[]> {
    return this.database.run<TimedRow>(LIST_FAILURES_BY_TIME, [...filterValues(filter), at, id, limit]);
  }
}

function isExactMoment(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(text) && isMoment(text);
}
