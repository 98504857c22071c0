import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { cursorId, type Page, toPage } from '../http/pagination.js';
import { toFailureDto, type FailureDto } from './failure.dto.js';
import { filterValues, type FailureFilter, type FailuresQuery } from './failure.filter.js';
import { EXPORT_FAILURES, LATEST_FAILURES, LIST_FAILURES, type FailureRow } from './failure.sql.js';

/** Rows in memory at a time during an export. */
const EXPORT_PAGE = 500;

/** Reads the failure history. */
@Injectable()
export class FailureHistory {
  constructor(private readonly database: Database) {}

  /** Newest first. */
  async page(query: FailuresQuery): Promise<Page<FailureDto>> {
    const values = [...filterValues(query), cursorId(query), query.limit + 1];
    const rows = await this.database.run<FailureRow>(LIST_FAILURES, values);
    return toPage(rows, query.limit, (row) => [row.id], toFailureDto);
  }

  /** The last failures of one notification, newest first. */
  async latestOf(notificationId: string, limit: number): Promise<FailureDto[]> {
    return (await this.database.run<FailureRow>(LATEST_FAILURES, [notificationId, limit])).map(toFailureDto);
  }

  /**
   * Everything that fits, newest first, a page in memory at a time and no transaction held between pages. What fails
   * while it is read does not appear in it.
   */
  async *all(filter: FailureFilter): AsyncGenerator<FailureDto> {
    const values = filterValues(filter);
    let before: { readonly exactAt: string; readonly id: string } | undefined;
    for (;;) {
      const rows: (FailureRow & { exactAt: string })[] = await this.database.run(EXPORT_FAILURES, [
        ...values,
        before?.exactAt,
        before?.id,
        EXPORT_PAGE,
      ]);
      for (const { exactAt: _, ...row } of rows) yield toFailureDto(row);
      before = rows.at(-1);
      if (!before || rows.length < EXPORT_PAGE) return;
    }
  }
}
