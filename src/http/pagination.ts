import type { Type as ClassOf } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Length, Max, Min } from 'class-validator';
import { validate as isUuid } from 'uuid';
import { Problem } from '../problems/problem.js';

const PAGE_LIMIT = { least: 1, most: 100, usual: 50 } as const;

/** The query of every list. */
export class PageQuery {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: PAGE_LIMIT.least,
    maximum: PAGE_LIMIT.most,
    default: PAGE_LIMIT.usual,
    description: 'How many items at most.',
  })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(PAGE_LIMIT.least)
  @Max(PAGE_LIMIT.most)
  limit: number = PAGE_LIMIT.usual;

  @ApiPropertyOptional({
    type: String,
    minLength: 1,
    maxLength: 512,
    description: 'The nextCursor of the page before.',
  })
  @IsOptional()
  @IsString()
  @Length(1, 512)
  cursor?: string;
}

/** One page of a list; `nextCursor` is null on the last one. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** Documents a page of `Item` under the name `<Item>Page`. */
export function pageOf<Item>(item: ClassOf<Item>): ClassOf<Page<Item>> {
  class PageOfItems implements Page<Item> {
    @ApiProperty({ type: [item] })
    readonly items: readonly Item[];

    @ApiProperty({ type: String, nullable: true, description: 'Goes into ?cursor= for the next page.' })
    readonly nextCursor: string | null;
  }
  Object.defineProperty(PageOfItems, 'name', { value: `${item.name.replace(/Dto$/, '')}Page` });
  return PageOfItems;
}

/** @param rows one more than `limit` where there is a next page. @param cursorOf what tells an item from those after it. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  cursorOf: (row: Row) => readonly string[],
  toItem: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map((row) => toItem(row)),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(cursorOf(last)) : null,
  };
}

/** Opaque to callers: base64url of a JSON list. */
function encodeCursor(parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/**
 * @param checks one for each part that {@link encodeCursor} was given.
 * @throws Problem `validation-failed` for anything this service did not hand out.
 */
export function decodeCursor<const Checks extends readonly Check[]>(cursor: string, checks: Checks): PartsOf<Checks> {
  const parts = readParts(cursor);
  if (isOf(parts, checks)) return parts;
  throw new Problem('validation-failed', {
    detail: 'The cursor is not one of this list. Take nextCursor as it is, or start again without a cursor.',
    errors: [{ pointer: '/cursor', detail: 'must be the nextCursor of a page before' }],
  });
}

/** Where a list ordered by UUIDv7 goes on; null for its start. */
export function cursorId(query: PageQuery): string | null {
  return query.cursor === undefined ? null : decodeCursor(query.cursor, [isUuid])[0];
}

type Check = (part: string) => boolean;
type PartsOf<Checks extends readonly Check[]> = { [Index in keyof Checks]: string };

function isOf<Checks extends readonly Check[]>(parts: unknown, checks: Checks): parts is PartsOf<Checks> {
  if (!Array.isArray(parts) || parts.length !== checks.length) return false;
  const list: readonly unknown[] = parts;
  return checks.every((check, index) => {
    const part = list[index];
    return typeof part === 'string' && check(part);
  });
}

function readParts(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return null;
  }
}
