export const CALL_STATUSES = [
  'queued',
  'ringing',
  'in-progress',
  'completed',
  'busy',
  'failed',
  'no-answer',
  'canceled',
] as const;
export type CallStatus = (typeof CALL_STATUSES)[number];

/** The values of StatusCallbackEvent. */
export const CALL_EVENTS = ['initiated', 'ringing', 'answered', 'completed'] as const;
export type CallEvent = (typeof CALL_EVENTS)[number];

/** An accepted call. Times are milliseconds since the epoch. */
export interface CallRecord {
  readonly sid: string;
  readonly to: string;
  readonly from: string;
  status: CallStatus;
  readonly createdAt: number;
  updatedAt: number;
  /** When the call was dialled. */
  startedAt: number | null;
  answeredAt: number | null;
  endedAt: number | null;
  /** As given, with its `#` fragment. */
  readonly statusCallback: string | null;
  readonly events: ReadonlySet<CallEvent>;
  /** Number of callbacks made so far, which is the next one's SequenceNumber. */
  callbacksMade: number;
  /** What the call says: the TwiML, or where to fetch it. */
  readonly twiml: string | null;
  readonly url: string | null;
  readonly idempotencyKey: string | null;
}

/** Whole seconds between answer and end, at least one; null before the end, 0 when nobody answered. */
export function callSeconds(call: CallRecord): number | null {
  if (call.endedAt === null) return null;
  return call.answeredAt === null ? 0 : Math.max(1, Math.round((call.endedAt - call.answeredAt) / 1000));
}
