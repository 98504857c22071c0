import { Injectable } from '@nestjs/common';
import type { Transaction } from '../../database/database.js';
import { filterValues, type ReplayFilter } from '../dead-letter.filter.js';
import { FILTER_OF_REPLAY, NEXT_OF_REPLAY } from './replay.sql.js';

/** How many named ids are looked up at a time, so that a step carries no more, however many there are. */
const IDS_AT_ONCE = 200;
/** The most replays whose filters are cached; few run at once. */
const MOST_KNOWN = 16;

/** How far a replay has come: the last dead letter dealt with, and the last of the replay. */
interface Progress {
  readonly id: string;
  readonly doneTo: string | null;
  readonly upTo: string | null;
}

/**
 * The filters of replays, which never change while they run. Cached, since a filter may name ten thousand ids, and
 * reading them took longer than the rest of a step.
 */
@Injectable()
export class ReplaySelections {
  private readonly known = new Map<string, ReplayFilter>();

  /** The next dead letters of a replay, oldest first, at most `most`; empty if none is left. */
  async next(transaction: Transaction, { id, doneTo, upTo }: Progress, most: number): Promise<string[]> {
    const filter = await this.filterOf(transaction, id);
    const find = async (ids: readonly string[] | undefined) => {
      const values = filterValues({ ...filter, ...(ids && { ids: [...ids] }) }, 'open');
      const found = await transaction.run<{ id: string }>(NEXT_OF_REPLAY, [...values, doneTo, upTo, most]);
      return found.map((row) => row.id);
    };
    if (!filter.ids) return find(undefined);
    const left = doneTo === null ? filter.ids : filter.ids.filter((named) => named > doneTo);
    for (let first = 0; first < left.length; first += IDS_AT_ONCE) {
      const found = await find(left.slice(first, first + IDS_AT_ONCE));
      if (found.length > 0) return found;
    }
    return [];
  }

  private async filterOf(transaction: Transaction, id: string): Promise<ReplayFilter> {
    const known = this.known.get(id);
    if (known) return known;
    const [row] = await transaction.run<{ filter: ReplayFilter }>(FILTER_OF_REPLAY, [id]);
    if (!row) throw new Error('a locked replay is gone');
    const { ids, ...marks } = row.filter;
    // In the order of the database, which writes ids in lower case.
    const inOrder = ids?.map((named) => named.toLowerCase()).toSorted((a, b) => (a < b ? -1 : 1));
    const filter = { ...marks, ...(inOrder && { ids: inOrder }) };
    this.known.set(id, filter);
    const [oldest] = this.known.keys();
    if (this.known.size > MOST_KNOWN && oldest !== undefined) this.known.delete(oldest);
    return filter;
  }
}
