/** The message statuses that the simulator can produce. */
export const MESSAGE_STATUSES = [
  'accepted',
  'scheduled',
  'queued',
  'sending',
  'sent',
  'delivered',
  'read',
  'failed',
  'undelivered',
  'canceled',
] as const;
export type MessageStatus = (typeof MESSAGE_STATUSES)[number];

/** An accepted message. Times are milliseconds since the epoch. */
export interface MessageRecord {
  readonly sid: string;
  readonly to: string;
  /** Null until a Messaging Service has picked a sender. */
  from: string | null;
  readonly messagingServiceSid: string | null;
  /** Complete, as given; empty once redacted. */
  body: string;
  readonly numMedia: number;
  status: MessageStatus;
  errorCode: number | null;
  readonly createdAt: number;
  updatedAt: number;
  sentAt: number | null;
  /** As given, with its `#` fragment. */
  readonly statusCallback: string | null;
  readonly idempotencyKey: string | null;
}
