import { Injectable } from '@nestjs/common';
import { validate as isUuid } from 'uuid';
import { Database } from '../database/database.js';
import { Searches } from '../database/searches.js';
import { decodeCursor, type Page, toPage } from '../http/pagination.js';
import { isMoment } from '../validation/field.rules.js';
import { toFailureDto, type FailureDto } from './failure.dto.js';
import { filterValues, type FailureFilter, type FailuresQuery } from './failure.filter.js';
import {
  LATEST_FAILURES,
  LIST_FAILURES,
  LIST_FAILURES_BY_TIME,
  type FailureRow,
  type PagedFailure,
} from './failure.sql.js';

/** The most rows in memory at a time during an export. */
const EXPORT_PAGE = 500;

/** `exactAt`: to the microsecond, as in the database. */
type TimedFailure = PagedFailure & { readonly exactAt: string };

/** Reads the failure history. */
@Injectable()
export class FailureHistory {
  constructor(
    private readonly database: Database,
    private readonly searches: Searches,
  ) {}

  /** Newest first. @throws Problem `validation-failed` for a cursor of another list. */
  async page(query: FailuresQuery): Promise<Page<FailureDto>> {
    if (query.from !== undefined || query.until !== undefined) return await this.pageOfSpan(query);
    const [before] = query.cursor === undefined ? [null] : decodeCursor('failures', query.cursor, [isUuid]);
    const values = [...filterValues(query), before, query.limit + 1];
    const rows = await this.searches.run(() => this.database.run<PagedFailure>(LIST_FAILURES, values));
    return toPage('failures', rows, shownOf(rows, query.limit), ({ id }) => [id], toFailureDto);
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
    let before: TimedFailure | undefined;
    for (;;) {
      const [at, id] = [before?.exactAt ?? null, before?.id ?? null];
      const page = await this.searches.goOn(() => this.byTime(filter, at, id, EXPORT_PAGE));
      const rows = page.filter(({ fits }) => fits);
      yield* rows.map(toFailureDto);
      before = rows.at(-1);
      if (!before) return;
    }
  }

  private async pageOfSpan(query: FailuresQuery): Promise<Page<FailureDto>> {
    const [at, id] =
      query.cursor === undefined ? [null, null] : decodeCursor('failures', query.cursor, [isExactMoment, isUuid]);
    const rows = await this.searches.run(() => this.byTime(query, at, id, query.limit + 1));
    return toPage('failures', rows, shownOf(rows, query.limit), ({ exactAt, id }) => [exactAt, id], toFailureDto);
  }

  private byTime(filter: FailureFilter, at: string | null, id: string | null, limit: number): Promise<TimedFailure[]> {
    return this.database.run<TimedFailure>(LIST_FAILURES_BY_TIME, [...filterValues(filter), at, id, limit]);
  }
}

/** How many rows a page shows: fewer than its limit if the provider's words are long. */
function shownOf(rows: readonly PagedFailure[], limit: number): number {
  return Math.min(limit, rows.filter(({ fits }) => fits).length);
}

function isExactMoment(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(text) && isMoment(text);
}
