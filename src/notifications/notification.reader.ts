import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, type SelectQueryBuilder } from 'typeorm';
import type { Caller } from '../access/caller.js';
import { Database } from '../database/database.js';
import { Searches } from '../database/searches.js';
import { Snapshots } from '../database/snapshots.js';
import { firstIdOf } from '../identifiers/first-id.sql.js';
import type { Delivery } from './delivery.entity.js';
import type { ListNotificationsQuery } from './list-notifications.query.js';
import { Notification } from './notification.entity.js';
import {
  NotificationHistoryStatement,
  type NotificationRows,
  type FoundNotification,
} from './notification-history.sql.js';
import {
  asItStands,
  deliveryAsItStands,
  HAS_OPEN_STATUS,
  isOpen,
  outboxTraces,
  type OutboxTrace,
} from './outbox.trace.js';

const TRACES_OF_MANY = outboxTraces('ANY ($1)');

/** A notification with everything that happened to it, as it stands; each list is oldest first. */
export interface NotificationHistory extends Omit<NotificationRows, 'trace'> {
  readonly nextAttemptAt: Date | null;
}

/** A notification in a list, with the time of its next attempt if there is one. */
export type ListedNotification = Notification & { readonly nextAttemptAt: Date | null };

/** Whose notifications a caller may see: one client's, or, for an operator, all. */
export type Visibility = { readonly clientId: string } | 'every client';

export function visibilityOf({ clientId, scopes }: Caller): Visibility {
  return scopes.has('admin') ? 'every client' : { clientId };
}

/** Reads notifications and their history. */
@Injectable()
export class NotificationReader {
  private readonly one: NotificationHistoryStatement;

  constructor(
    private readonly database: Database,
    private readonly snapshots: Snapshots,
    private readonly searches: Searches,
    dataSource: DataSource,
  ) {
    this.one = new NotificationHistoryStatement(dataSource);
  }

  /** @returns null if it does not exist or belongs to another client */
  async find(id: string, visibility: Visibility): Promise<NotificationHistory | null> {
    return this.historyOf(await this.database.run<FoundNotification>(this.one.statement, oneOf(id, visibility)));
  }

  /** Like {@link find}, in the snapshot of a caller that reads more. */
  async findIn(snapshot: EntityManager, id: string, visibility: Visibility): Promise<NotificationHistory | null> {
    return this.historyOf(await snapshot.query<FoundNotification[]>(this.one.statement.text, oneOf(id, visibility)));
  }

  private historyOf([found]: readonly FoundNotification[]): NotificationHistory | null {
    if (!found) return null;
    const { trace, ...rows } = this.one.read(found);
    const notification = asItStands(rows.notification, trace);
    const attemptsOf = ({ id }: Delivery) => rows.attempts.filter(({ deliveryId }) => deliveryId === id);
    return {
      ...rows,
      notification,
      deliveries: rows.deliveries.map((each) => deliveryAsItStands(each, notification, attemptsOf(each), trace)),
      nextAttemptAt: trace?.nextAttemptAt ?? null,
    };
  }

  /** The newest before an id, or the newest of all; at most so many. */
  list(
    query: ListNotificationsQuery,
    visibility: Visibility,
    before: string | null,
    most: number,
  ): Promise<ListedNotification[]> {
    const read = async (snapshot: EntityManager) => {
      const rows = await newest(snapshot, query, visibility, before, most);
      const traces = await tracesOf(
        snapshot,
        rows.map(({ id }) => id),
      );
      return rows.map((row) => {
        const trace = traces.get(row.id);
        return { ...asItStands(row, trace ?? null), nextAttemptAt: trace?.nextAttemptAt ?? null };
      });
    };
    return this.searches.run(() => this.snapshots.read(read));
  }
}

/** The parameters of {@link NotificationHistoryStatement}. */
function oneOf(id: string, visibility: Visibility): [string, string | null] {
  return [id, visibility === 'every client' ? null : visibility.clientId];
}

/** The outbox rows of these notifications; a notification that has ended has none. */
async function tracesOf(snapshot: EntityManager, ids: readonly string[]): Promise<ReadonlyMap<string, OutboxTrace>> {
  const rows = await snapshot.query<OutboxTrace[]>(TRACES_OF_MANY, [ids]);
  return new Map(rows.map((row) => [row.notificationId, row]));
}

/** The newest that match, before an id if there is one; at most so many. */
async function newest(
  snapshot: EntityManager,
  query: ListNotificationsQuery,
  visibility: Visibility,
  before: string | null,
  most: number,
): Promise<Notification[]> {
  const within = snapshot.createQueryBuilder(Notification, 'n');
  if (visibility !== 'every client') within.andWhere('n.client_id = :clientId', { clientId: visibility.clientId });
  if (before !== null) within.andWhere('n.id < :before', { before });
  narrowByIndex(within, query);

  if (!query.metadata) return await narrow(within, query).orderBy('n.id', 'DESC').take(most).getMany();
  for (const size of LATEST) {
    const page = await narrow(amongLatest(snapshot, within, size), query)
      .orderBy('n.id', 'DESC')
      .take(most)
      .getMany();
    if (page.length === most || !(await isLonger(within, size))) return page;
    if (page.length * 10 < most) break;
  }
  return await narrow(within, query).orderBy(BY_ID_UNINDEXED, 'DESC').take(most).getMany();
}

/**
 * Of how many notifications a search by metadata reads the metadata before it asks the index, which names all that match
 * and not the newest of them: what many notifications carry, such as a tenant or a campaign, would be read and sorted
 * whole for each page. The second number is for when a tenth of the page was found among the first.
 */
const LATEST = [2000, 20_000] as const;

/** The latest of a selection, looked up by id: no plan can begin with the index on metadata. */
function amongLatest(
  snapshot: EntityManager,
  within: SelectQueryBuilder<Notification>,
  size: number,
): SelectQueryBuilder<Notification> {
  const ids = within.clone().select('n.id').orderBy('n.id', 'DESC').limit(size);
  return snapshot
    .createQueryBuilder(Notification, 'n')
    .where(`n.id = ANY (ARRAY(${ids.getQuery()}))`)
    .setParameters(ids.getParameters());
}

/** Whether a selection has more than so many. */
async function isLonger(within: SelectQueryBuilder<Notification>, size: number): Promise<boolean> {
  const next = within.clone().select('n.id').orderBy('n.id', 'DESC').offset(size).limit(1);
  return (await next.getRawOne()) !== undefined;
}

/** Filters that an index leads to, in the order of ids. */
function narrowByIndex(select: SelectQueryBuilder<Notification>, { to, from, until }: ListNotificationsQuery): void {
  if (to) select.andWhere('n.recipient = :to', { to });
  if (from) select.andWhere(`n.created_at >= :from AND n.id >= ${FIRST_ID_FROM}`, { from });
  if (until) select.andWhere(`n.created_at < :until AND n.id < ${FIRST_ID_UNTIL}`, { until });
}

/** All other filters. */
function narrow(
  select: SelectQueryBuilder<Notification>,
  { status, channel, category, metadata }: ListNotificationsQuery,
): SelectQueryBuilder<Notification> {
  if (status && isOpen(status)) select.andWhere(HAS_OPEN_STATUS[status]);
  else if (status) select.andWhere('n.status = :status', { status });
  if (channel) select.andWhere('n.channel = :channel', { channel });
  if (category) select.andWhere('n.category = :category', { category });
  if (metadata) narrowByMetadata(select, metadata);
  return select;
}

/** How far the clock of a process, which ids come from, may differ from the database's, which sets `created_at`. */
const CLOCKS_DIFFER = `interval '1 hour'`;

/** No index covers `created_at`: bounds on the id let a page be found without reading everything newer or older. */
const FIRST_ID_FROM = firstIdOf(`(CAST(:from AS timestamptz) - ${CLOCKS_DIFFER})`);
const FIRST_ID_UNTIL = firstIdOf(`(CAST(:until AS timestamptz) + ${CLOCKS_DIFFER})`);

/**
 * Sorts by id in a way that the primary key cannot serve. PostgreSQL estimates that one notification in a hundred
 * matches a search by metadata, so it would follow the primary key until a page is full: for the id of one order,
 * through the whole table.
 */
const BY_ID_UNINDEXED = 'uuid_send(n.id)';

/** The predicate of the index on metadata; a query must repeat it to use the index. */
const HAS_METADATA = `n.metadata::text <> '{}'`;

/** Query values are always text, but metadata also has numbers, booleans and nulls: such a text matches either. */
function narrowByMetadata(select: SelectQueryBuilder<Notification>, metadata: Readonly<Record<string, string>>): void {
  select.andWhere(HAS_METADATA);
  for (const [index, [name, text]] of Object.entries(metadata).entries()) {
    const meanings = [text, ...scalarOf(text)].map((value) => JSON.stringify({ [name]: value }));
    const anyOf = meanings.map((_, meaning) => `n.metadata::jsonb @> :metadata_${index}_${meaning}`).join(' OR ');
    select.andWhere(
      `(${anyOf})`,
      Object.fromEntries(meanings.map((json, meaning) => [`metadata_${index}_${meaning}`, json])),
    );
  }
}

const SCALAR = /^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?)$/;

/** The number, boolean or null that this text is in JSON; empty for any other text. */
function scalarOf(text: string): unknown[] {
  const value: unknown = SCALAR.test(text) ? JSON.parse(text) : undefined;
  return value === undefined || value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY ? [] : [value];
}
