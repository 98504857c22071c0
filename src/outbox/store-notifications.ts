import { bytesArray, plainArray, timeArray } from '../database/array-literal.js';
import type { Database } from '../database/database.js';
import { newId } from '../identifiers/new-id.js';
import { FIRST_ATTEMPT } from './claimed.work.js';
import { ENQUEUE, type EnqueueAnswer } from './enqueue.sql.js';
import type { AcceptedResult, NewNotification, Work } from './work.js';
import { PRIORITY, STANDS_BACK_SECONDS } from './work.js';

/** With this, a process leases to itself what it accepts, which saves the claim. */
export interface SelfLease {
  readonly leaseToken: string;
  readonly owner: string;
  readonly leaseMs: number;
  /** Whether this notification may start here and now. */
  readonly takes: (notification: NewNotification) => boolean;
}

export interface IntakeResult {
  /** In the group's order; null if the key existed already and nothing was stored. */
  readonly results: readonly (AcceptedResult | null)[];
  readonly leased: readonly Work[];
  /** True if rows were stored that no process has leased. */
  readonly due: boolean;
}

type Memory = Pick<Work, 'suppressed' | 'unavailableCode'>;

const NOTHING_REMEMBERED: Memory = { suppressed: false, unavailableCode: null };

/** Stores a group of notifications in one statement. */
export async function storeNotifications(
  database: Database,
  group: readonly NewNotification[],
  lease: SelfLease | null,
): Promise<IntakeResult> {
  const attemptIds = group.map((notification) => (lease?.takes(notification) ? newId() : null));
  const [answer] = await database.run<EnqueueAnswer & object>(ENQUEUE, columns(group, attemptIds, lease));
  if (!answer) throw new Error('The statement that stores notifications always answers');
  const { createdAt } = answer;
  const repeated = new Set(answer.repeated);
  const remembered = new Map(answer.remembered?.map((memory) => [memory.id, memory]));

  const leased: Work[] = [];
  let due = false;
  const results = group.map((notification, index): AcceptedResult | null => {
    if (repeated.has(notification.id)) return null;
    const attemptId = attemptIds[index];
    if (attemptId && lease) {
      const memory = remembered.get(notification.id) ?? NOTHING_REMEMBERED;
      leased.push(leasedWork(notification, createdAt, attemptId, lease.leaseToken, memory));
    } else due = true;
    return { kind: 'accepted', notification: { ...notification, createdAt } };
  });
  return { results, leased, due };
}

function columns(group: readonly NewNotification[], attemptIds: readonly (string | null)[], lease: SelfLease | null) {
  return [
    plainArray(group.map((n) => n.id)),
    plainArray(group.map((n) => n.deliveryId)),
    plainArray(group.map((n) => n.clientId)),
    plainArray(group.map((n) => n.recipient)),
    group.map((n) => n.channels.join(',')),
    // A sender may be a name, and a plain array would read the name NULL as null.
    group.map((n) => n.sender),
    plainArray(group.map((n) => n.category)),
    plainArray(group.map((n) => PRIORITY[n.category])),
    group.map((n) => JSON.stringify(n.content)),
    group.map((n) => JSON.stringify(n.metadata)),
    group.map((n) => n.idempotencyKey),
    bytesArray(group.map((n) => n.requestHash)),
    plainArray(group.map((n) => n.onUnknown)),
    timeArray(group.map((n) => n.sendAt)),
    timeArray(group.map((n) => n.expiresAt)),
    plainArray(group.map((n) => n.fallbackAfterSeconds)),
    plainArray(attemptIds),
    lease?.leaseToken ?? null,
    lease?.owner ?? null,
    lease?.leaseMs ?? 0,
  ];
}

function leasedWork(
  notification: NewNotification,
  createdAt: Date,
  attemptId: string,
  leaseToken: string,
  memory: Memory,
): Work {
  return {
    ...FIRST_ATTEMPT,
    notificationId: notification.id,
    deliveryId: notification.deliveryId,
    clientId: notification.clientId,
    channel: notification.channels[0],
    channels: notification.channels,
    recipient: notification.recipient,
    sender: notification.sender,
    category: notification.category,
    turn: createdAt.getTime() / 1000 + STANDS_BACK_SECONDS[notification.category],
    content: notification.content,
    onUnknown: notification.onUnknown,
    fallbackAfterSeconds: notification.fallbackAfterSeconds,
    expiresAt: notification.expiresAt,
    createdAt,
    attemptId,
    attemptStartedAt: createdAt,
    suppressed: memory.suppressed,
    unavailableCode: memory.unavailableCode,
    leaseToken,
  };
}
