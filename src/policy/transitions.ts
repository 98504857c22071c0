/**
 * The states of a notification (and of a delivery) and the legal moves between them; drawn in docs/states.md.
 *
 * `scheduled`  its sendAt is in the future
 * `queued`     due, or waiting for a retry, a circuit or a fallback
 * `sending`    an attempt is in flight, or its outcome is unknown
 * `sent`       the provider accepted it
 * `delivered`  the provider reported it delivered; final
 * `failed`     no automatic step is left; a dead letter says why
 * `canceled`   the client canceled it before anything was accepted, or after everything accepted had failed
 * `expired`    its expiresAt passed before it was accepted
 */
export const NOTIFICATION_STATUSES = [
  'scheduled',
  'queued',
  'sending',
  'sent',
  'delivered',
  'failed',
  'canceled',
  'expired',
] as const;
export type NotificationStatus = (typeof NOTIFICATION_STATUSES)[number];

/**
 * Contract section 2. Empty means terminal. Every statement that moves a status is guarded by {@link legalMove} or
 * {@link legalFrom}.
 */
export const TRANSITIONS = {
  scheduled: ['queued', 'canceled', 'expired'],
  queued: ['sending', 'delivered', 'failed', 'canceled', 'expired'],
  // A callback may report the delivery before the answer to the request was read: sent and delivered in one move.
  sending: ['queued', 'sent', 'delivered', 'failed', 'canceled', 'expired'],
  sent: ['queued', 'delivered', 'failed'],
  delivered: [],
  // A notification leaves failed by a human's resolution, or by a late report: that it was accepted or delivered after
  // all, or that it failed in a way that another channel helps.
  failed: ['queued', 'sent', 'delivered'],
  canceled: [],
  expired: [],
} as const satisfies Record<NotificationStatus, readonly NotificationStatus[]>;

/** How a delivery can end without success: nothing more is expected of it. */
export const UNSUCCESSFUL_ENDS = ['failed', 'canceled', 'expired'] as const satisfies readonly NotificationStatus[];

export function endedUnsuccessfully(status: NotificationStatus): boolean {
  return UNSUCCESSFUL_ENDS.some((end) => end === status);
}

/** Whether a status is terminal. */
export function isFinal(status: NotificationStatus): boolean {
  return TRANSITIONS[status].length === 0;
}

/** The statuses that can move to `status` directly. */
export function statusesBefore(status: NotificationStatus): NotificationStatus[] {
  return NOTIFICATION_STATUSES.filter((from) => (TRANSITIONS[from] as readonly NotificationStatus[]).includes(status));
}

/** The guard of a status move, for a WHERE clause: a compare-and-set, so that an illegal move touches no row. */
export function legalMove(column: string, to: NotificationStatus): string {
  return isOneOf(column, statusesBefore(to));
}

/**
 * The stored statuses a leased notification may have. A claim writes only the lease, so a notification that is
 * `sending` may still be stored as scheduled or queued; settling it makes the moves in between, too.
 */
export const WORKED_ON = ['scheduled', 'queued', 'sending'] as const satisfies readonly NotificationStatus[];

/** Whether `from` leads to `to`: directly or, for what is {@link WORKED_ON}, by way of `sending`. */
export function mayBecome(from: NotificationStatus, to: NotificationStatus): boolean {
  const before = statusesBefore(to);
  return before.includes(from) || (before.includes('sending') && WORKED_ON.some((open) => open === from));
}

/**
 * The guard of moves from these stored statuses to any of `to`.
 * @throws RangeError if one of them is not legal
 */
export function legalFrom(
  column: string,
  from: readonly NotificationStatus[],
  ...to: readonly NotificationStatus[]
): string {
  for (const was of from) {
    const illegal = to.find((next) => !mayBecome(was, next));
    if (illegal) throw new RangeError(`${was} may not become ${illegal}`);
  }
  return isOneOf(column, from);
}

/** A condition on a column, for a WHERE clause. */
export function isOneOf(column: string, statuses: readonly NotificationStatus[]): string {
  return `${column} IN (${statuses.map((status) => `'${status}'`).join(', ')})`;
}
