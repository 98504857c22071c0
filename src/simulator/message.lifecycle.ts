import type { CallStatus } from './call.record.js';
import type { Fault } from './faults.js';
import type { MessageRecord, MessageStatus } from './message.record.js';
import { bareNumber, isWhatsApp } from './phone.address.js';
import { messageOfCode } from './twilio-error.js';

/** One status in a message's life. */
export interface MessageStep {
  readonly status: MessageStatus;
  readonly errorCode: number | null;
}

const UNKNOWN_ERROR = 30008;
const ORDINARY: readonly MessageStatus[] = ['sending', 'sent', 'delivered'];

/** The steps to each status in which a fault may leave a message. Statuses that only a call can have change nothing. */
const PATH_TO: Readonly<Record<MessageStatus | CallStatus, readonly MessageStatus[]>> = {
  accepted: [],
  scheduled: [],
  queued: [],
  sending: ['sending'],
  sent: ['sending', 'sent'],
  delivered: ORDINARY,
  read: [...ORDINARY, 'read'],
  undelivered: ['sending', 'sent', 'undelivered'],
  failed: ['failed'],
  canceled: ['canceled'],
  ringing: ORDINARY,
  'in-progress': ORDINARY,
  completed: ORDINARY,
  busy: ORDINARY,
  'no-answer': ORDINARY,
};

/**
 * The statuses after the first, which is `queued`, or `accepted` with a Messaging Service.
 * Source: https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
 */
export function messageSteps(
  message: MessageRecord,
  fault: Fault | null,
  readReceipts: boolean,
): readonly MessageStep[] {
  if (message.status === 'scheduled') return [];
  const ending = fault?.kind === 'callback' ? fault : null;
  const path = PATH_TO[ending?.status ?? (readReceipts && isWhatsApp(message.to) ? 'read' : 'delivered')];
  const whole: readonly MessageStatus[] = message.status === 'accepted' ? ['queued', ...path] : path;
  return whole.map((status) => {
    const fails = status === 'failed' || status === 'undelivered';
    return { status, errorCode: fails ? (ending?.errorCode ?? UNKNOWN_ERROR) : null };
  });
}

/** Whether this status ends a message: nothing follows it except perhaps `read`. */
export function endsMessage(status: MessageStatus): boolean {
  return ['delivered', 'read', 'failed', 'undelivered', 'canceled'].includes(status);
}

/** Applies a step to the message. @param poolSender the sender if only a Messaging Service was named */
export function takeMessageStep(message: MessageRecord, step: MessageStep, poolSender: string, now: number): void {
  message.status = step.status;
  message.errorCode = step.errorCode;
  message.updatedAt = now;
  message.from ??= poolSender;
  if (step.status === 'sent') message.sentAt = now;
}

/**
 * The parameters of a message's status callback. Source: Twilio's request to the StatusCallback URL, Message resource.
 */
export function messageCallback(message: MessageRecord, accountSid: string): Record<string, string> {
  const parameters: Record<string, string> = {
    MessageSid: message.sid,
    MessageStatus: message.status,
    SmsSid: message.sid,
    SmsStatus: message.status,
    AccountSid: accountSid,
    From: message.from ?? '',
    To: message.to,
    ApiVersion: '2010-04-01',
  };
  if (message.messagingServiceSid !== null) parameters['MessagingServiceSid'] = message.messagingServiceSid;
  if (message.errorCode !== null) parameters['ErrorCode'] = String(message.errorCode);
  if (isWhatsApp(message.to)) addChannel(parameters, message);
  else if (message.status === 'delivered' || message.status === 'undelivered') {
    parameters['RawDlrDoneDate'] = receiptDate(message.updatedAt);
  }
  return parameters;
}

/** What the channel itself reports; Twilio's own statuses name no event. */
const CHANNEL_EVENTS: ReadonlySet<MessageStatus> = new Set(['delivered', 'read', 'undelivered']);

function addChannel(parameters: Record<string, string>, message: MessageRecord): void {
  parameters['ChannelPrefix'] = 'whatsapp';
  parameters['ChannelInstallSid'] = 'XE0123456789abcdef0123456789abcdef';
  parameters['ChannelToAddress'] = bareNumber(message.to).replace(/.{4}$/, 'XXXX');
  if (CHANNEL_EVENTS.has(message.status)) parameters['EventType'] = message.status.toUpperCase();
  const channelMessage = messageOfCode(message.errorCode);
  if (channelMessage !== null) parameters['ChannelStatusMessage'] = channelMessage;
}

/** A carrier's receipt time: YYMMDDhhmm. */
function receiptDate(epochMs: number): string {
  return new Date(epochMs).toISOString().replaceAll(/\D/g, '').slice(2, 12);
}
