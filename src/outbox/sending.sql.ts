/**
 * Whether the notification of an outbox row is `sending`: an attempt is in flight (leased), or its outcome is unknown.
 * That state is kept nowhere else: a claim writes one row, not three (docs/decisions/0010-sending-is-a-lease.md).
 */
export const SENDING = `(lease_token IS NOT NULL OR stage = 'reconcile')`;
