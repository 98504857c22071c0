import { Inject, Injectable } from '@nestjs/common';
import { Database, type Statement } from '../database/database.js';
import { decodeCursor, toPage } from '../http/pagination.js';
import type { TwilioErrorCode, TwilioErrorCodeTable } from '../twilio/error-codes/error-code.js';
import { ERROR_CODE_TABLE } from '../twilio/error-codes/error-code-table.js';
import { effectivePolicy } from './effective-policy.js';
import type { ErrorCataloguePage, ErrorCatalogueQuery, ErrorCodeDto, UnknownCodeDto } from './error-catalogue.dto.js';

/** With more unknown codes than this, the table is not Twilio's. */
const MOST_UNKNOWN = 100;

/** Skips from code to code in the index, so that finding the codes costs as much as there are codes, not failures. */
const UNKNOWN_CODES: Statement = {
  name: 'failures-unknown-codes',
  text: `
    WITH RECURSIVE seen AS (
      SELECT min(provider_code) AS code FROM failures
      UNION ALL
      SELECT (SELECT min(f.provider_code) FROM failures f WHERE f.provider_code > s.code)
      FROM seen s WHERE s.code IS NOT NULL
    ), unknown AS (
      SELECT code FROM seen WHERE code IS NOT NULL AND code <> ALL ($1::int[]) ORDER BY code LIMIT $2
    )
    SELECT u.code, found.count, latest.at AS "lastSeenAt"
    FROM unknown u
    CROSS JOIN LATERAL (SELECT count(*)::int AS count FROM failures f WHERE f.provider_code = u.code) AS found
    CROSS JOIN LATERAL (
      SELECT f.at FROM failures f WHERE f.provider_code = u.code ORDER BY f.id DESC LIMIT 1
    ) AS latest
    ORDER BY latest.at DESC`,
};

/** The codes in force, and unknown ones that have been seen. */
@Injectable()
export class ErrorCatalogue {
  constructor(
    @Inject(ERROR_CODE_TABLE) private readonly table: TwilioErrorCodeTable,
    private readonly database: Database,
  ) {}

  async page(query: ErrorCatalogueQuery): Promise<ErrorCataloguePage> {
    const after = query.cursor === undefined ? 0 : Number(decodeCursor('errors', query.cursor, [isCode])[0]);
    const rows = [...this.table.values()]
      .filter((row) => row.code > after && fits(row, query))
      .toSorted((a, b) => a.code - b.code)
      .slice(0, query.limit + 1);
    const page = toPage('errors', rows, query.limit, (row) => [String(row.code)], toErrorCodeDto);
    return { ...page, unknownCodes: await this.unknownCodes() };
  }

  private async unknownCodes(): Promise<UnknownCodeDto[]> {
    const rows = await this.database.run<{ code: number; count: number; lastSeenAt: Date }>(UNKNOWN_CODES, [
      [...this.table.keys()],
      MOST_UNKNOWN,
    ]);
    return rows.map((row) => ({ ...row, lastSeenAt: row.lastSeenAt.toISOString() }));
  }
}

function isCode(text: string): boolean {
  return /^\d{1,9}$/.test(text);
}

function fits(row: TwilioErrorCode, { errorClass, q }: ErrorCatalogueQuery): boolean {
  if (errorClass !== undefined && row.errorClass !== errorClass) return false;
  return q === undefined || `${row.code} ${row.name} ${row.action}`.toLowerCase().includes(q.toLowerCase());
}

function toErrorCodeDto(row: TwilioErrorCode): ErrorCodeDto {
  return {
    ...row,
    ...effectivePolicy(row),
    notOnChannel: row.notOnChannel ?? false,
    mayHaveArrived: row.mayHaveArrived ?? false,
    resetsAfterMs: row.resetsAfterMs ?? null,
    note: row.note ?? null,
  };
}
