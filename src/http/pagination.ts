import type { Type as ClassOf } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Length, Max, Min } from 'class-validator';
import { validate as isUuid } from 'uuid';
import { Problem } from '../problems/problem.js';

const PAGE_LIMIT = { least: 1, most: 100, usual: 50 } as const;

/** Query parameters common to all lists. */
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

/** Every paginated list. Its name is part of its cursors, so that no list accepts a cursor of another. */
type ListName =
  | 'alerts'
  | 'api-keys'
  | 'audit'
  | 'circuits'
  | 'dead-letters'
  | 'errors'
  | 'failures'
  | 'incidents'
  | 'notifications'
  | 'suppressions';

/** @param rows one more than `limit` if there is a next page. @param cursorOf the position of an item. */
export function toPage<Row, Item>(
  list: ListName,
  rows: readonly Row[],
  limit: number,
  cursorOf: (row: Row) => readonly string[],
  toItem: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map((row) => toItem(row)),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor([list, ...cursorOf(last)]) : null,
  };
}

/** Opaque to callers: base64url of a JSON list. */
function encodeCursor(parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/**
 * @param checks one for each part of what `cursorOf` returned.
 * @throws Problem `validation-failed` for anything that was not handed out as a cursor of this list.
 */
export function decodeCursor<const Checks extends readonly Check[]>(
  list: ListName,
  cursor: string,
  checks: Checks,
): PartsOf<Checks> {
  const [name, ...parts] = readParts(cursor);
  if (name === list && isOf(parts, checks)) return parts;
  throw new Problem('validation-failed', {
    detail: 'The cursor is not one of this list. Take nextCursor as it is, or start again without a cursor.',
    errors: [{ pointer: '/cursor', detail: 'must be the nextCursor of a page before' }],
  });
}

/**
 * A page of a list ordered by UUIDv7, newest first.
 * @param read the newest items before an id, or the newest of all; at most so many
 */
export async function pageById<Item extends { readonly id: string }>(
  list: ListName,
  { cursor, limit }: PageQuery,
  read: (before: string | null, most: number) => Promise<readonly Item[]>,
): Promise<Page<Item>> {
  const [before] = cursor === undefined ? [null] : decodeCursor(list, cursor, [isUuid]);
  return toPage(
    list,
    await read(before, limit + 1),
    limit,
    ({ id }) => [id],
    (item) => item,
  );
}

type Check = (part: string) => boolean;
type PartsOf<Checks extends readonly Check[]> = { [Index in keyof Checks]: string };

function isOf<Checks extends readonly Check[]>(parts: readonly unknown[], checks: Checks): parts is PartsOf<Checks> {
  if (parts.length !== checks.length) return false;
  return checks.every((check, index) => {
    const part = parts[index];
    return typeof part === 'string' && check(part);
  });
}

function readParts(cursor: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}
