/** The statuses of a message that the simulator can bring it to. */
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

/** A message that was accepted. Times are milliseconds since the epoch. */
export interface MessageRecord {
  readonly sid: string;
  readonly to: string;
  /** Null until a Messaging Service has picked a sender. */
  from: string | null;
  readonly messagingServiceSid: string | null;
  /** Whole, as it was given; empty once it was redacted. */
  body: string;
  readonly numMedia: number;
  status: MessageStatus;
  errorCode: number | null;
  readonly createdAt: number;
  updatedAt: number;
  sentAt: number | null;
  /** As it was given, with its `#` fragment. */
  readonly statusCallback: string | null;
  readonly idempotencyKey: string | null;
}
