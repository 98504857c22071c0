import { v7 as uuidv7 } from 'uuid';
import type { Database } from '../database/database.js';
import { ENQUEUE, FIND_BY_KEY } from './enqueue.sql.js';
import type { AcceptedNotification, EnqueueResult, NewNotification, Work } from './work.js';
import { PRIORITY } from './work.js';

/** What lets a process lease what it accepts to itself, saving the claim. */
export interface SelfLease {
  readonly leaseToken: string;
  readonly owner: string;
  readonly leaseMs: number;
  /** Whether this notification may start here and now. */
  readonly takes: (notification: NewNotification) => boolean;
}

export interface IntakeResult {
  readonly results: readonly EnqueueResult[];
  readonly leased: readonly Work[];
  /** True when rows were stored that no process leases yet. */
  readonly due: boolean;
}

type StoredRow = Pick<Work, 'createdAt' | 'suppressed' | 'unavailableCode'> & { id: string };
type KeyRow = AcceptedNotification & { clientId: string; requestHash: Buffer };

/** Stores a group of notifications and answers each: accepted, the original of its key, or in conflict with it. */
export async function storeNotifications(
  database: Database,
  group: readonly NewNotification[],
  lease: SelfLease | null,
): Promise<IntakeResult> {
  const attemptIds = group.map((notification) => (lease?.takes(notification) ? uuidv7() : null));
  const rows = await database.run<StoredRow>(ENQUEUE, columns(group, attemptIds, lease));
  const stored = new Map(rows.map((row) => [row.id, row]));
  const originals = stored.size < group.length ? await findOriginals(database, group, stored) : new Map();

  const leased: Work[] = [];
  let due = false;
  const results = group.map((notification, index): EnqueueResult => {
    const row = stored.get(notification.id);
    if (!row) return answerFromOriginal(notification, originals);
    const attemptId = attemptIds[index];
    if (attemptId && lease) leased.push(leasedWork(notification, attemptId, lease.leaseToken, row));
    else due = true;
    return { kind: 'accepted', notification: { ...notification, createdAt: row.createdAt } };
  });
  return { results, leased, due };
}

function columns(group: readonly NewNotification[], attemptIds: readonly (string | null)[], lease: SelfLease | null) {
  return [
    group.map((n) => n.id),
    group.map((n) => n.deliveryId),
    group.map((n) => n.clientId),
    group.map((n) => n.recipient),
    group.map((n) => n.channels.join(',')),
    group.map((n) => n.sender),
    group.map((n) => n.category),
    group.map((n) => PRIORITY[n.category]),
    group.map((n) => JSON.stringify(n.content)),
    group.map((n) => JSON.stringify(n.metadata)),
    group.map((n) => n.idempotencyKey),
    group.map((n) => n.requestHash),
    group.map((n) => n.onUnknown),
    group.map((n) => n.sendAt),
    group.map((n) => n.expiresAt),
    group.map((n) => n.fallbackAfterSeconds),
    attemptIds,
    lease?.leaseToken ?? null,
    lease?.owner ?? null,
    lease?.leaseMs ?? 0,
  ];
}

async function findOriginals(
  database: Database,
  group: readonly NewNotification[],
  stored: ReadonlyMap<string, StoredRow>,
): Promise<Map<string, KeyRow>> {
  const repeated = group.filter((notification) => !stored.has(notification.id));
  const rows = await database.run<KeyRow>(FIND_BY_KEY, [
    repeated.map((n) => n.clientId),
    repeated.map((n) => n.idempotencyKey),
  ]);
  return new Map(rows.map((row) => [scopedKey(row), row]));
}

function answerFromOriginal(notification: NewNotification, originals: ReadonlyMap<string, KeyRow>): EnqueueResult {
  const original = originals.get(scopedKey(notification));
  if (!original) throw new Error('A notification was neither stored nor found by its key');
  return original.requestHash.equals(notification.requestHash)
    ? { kind: 'replayed', notification: original }
    : { kind: 'conflict', id: original.id };
}

function scopedKey(row: { readonly clientId: string; readonly idempotencyKey: string | null }): string {
  return `${row.clientId} ${row.idempotencyKey}`;
}

function leasedWork(notification: NewNotification, attemptId: string, leaseToken: string, stored: StoredRow): Work {
  const { createdAt, suppressed, unavailableCode } = stored;
  const [channel] = notification.channels;
  if (!channel) throw new Error('A notification needs at least one channel');
  return {
    notificationId: notification.id,
    deliveryId: notification.deliveryId,
    clientId: notification.clientId,
    channel,
    channels: notification.channels,
    tried: null,
    recipient: notification.recipient,
    sender: notification.sender,
    category: notification.category,
    content: notification.content,
    changes: null,
    onUnknown: notification.onUnknown,
    fallbackAfterSeconds: notification.fallbackAfterSeconds,
    expiresAt: notification.expiresAt,
    createdAt,
    stage: 'send',
    attemptId,
    attemptStartedAt: createdAt,
    attemptNumber: 1,
    retries: 0,
    waitedMs: 0,
    lookups: 0,
    exhausted: false,
    possibleDuplicate: false,
    probe: false,
    releasedBy: null,
    suppressed,
    unavailableCode,
    leaseToken,
  };
}
