import type { NotificationContent } from '../channels/content.js';
import { contentOf } from '../channels/corrected.js';
import { droppedContent } from '../channels/dropped-content.js';
import { overlongSpeech } from '../channels/usable-content.js';
import type { DeliveryChanges } from '../outbox/work.js';
import { bareAddress, E164, isNumberOrService, isSender, isWhatsappAddress } from '../policy/address.js';
import { CHANNELS, type Channel } from '../policy/vocabulary.js';
import type { FieldError } from '../problems/problem.js';

/** What a human corrects before a retry; what is absent stays as it was. */
export interface Corrections {
  /** E.164. */
  readonly to?: string;
  /** A number, a sender name or a Messaging Service sid; on WhatsApp with or without `whatsapp:`. */
  readonly from?: string;
  readonly body?: string;
  readonly content?: Partial<Pick<NotificationContent, Channel>>;
}

/** What the failed delivery was to say. */
export interface SaidBefore {
  readonly channel: Channel;
  /** The notification's content; null once retention has deleted it. */
  readonly content: NotificationContent | null;
  /** How a human had corrected that delivery, if at all. */
  readonly changes: DeliveryChanges | null;
  /** The channels that may still follow it. */
  readonly following: readonly Channel[];
}

/** The corrected sender as stored; null if it is not corrected. Pure. */
export function correctedSender({ from }: Corrections): string | null {
  return from === undefined ? null : bareAddress(from);
}

/** Adds new corrections to earlier ones; null if there are none at all. Pure. */
export function correctedDelivery(
  said: Omit<SaidBefore, 'following'>,
  corrections: Corrections,
): DeliveryChanges | null {
  const { to = said.changes?.to } = corrections;
  const from = correctedSender(corrections) ?? said.changes?.from;
  const content = correctedContent(said, corrections);
  return to || from || content ? { ...(to && { to }), ...(from && { from }), ...(content && { content }) } : null;
}

/** A channel's own text would take precedence over a corrected body, so it goes with the old body. */
function correctedContent(
  { channel, content, changes }: Omit<SaidBefore, 'following'>,
  { body, content: ofChannels }: Corrections,
): NotificationContent | undefined {
  if (body === undefined && ofChannels === undefined) return changes?.content;
  const before = contentOf({ changes, content });
  return {
    ...before,
    ...(body === undefined ? {} : { body, [channel]: withoutText(before, channel) }),
    ...ofChannels,
  };
}

function withoutText({ sms, whatsapp }: NotificationContent, channel: Channel): { mediaUrls?: readonly string[] } {
  const mediaUrls = { sms: sms?.mediaUrls, whatsapp: whatsapp?.mediaUrls, voice: undefined }[channel];
  return mediaUrls ? { mediaUrls } : {};
}

/** Corrections that are valid in themselves but not on this channel. Pure. */
export function misplacedCorrections(said: SaidBefore, corrections: Corrections): FieldError[] {
  return [
    unheardBody(said, corrections),
    ...unheardContent(said, corrections),
    ...droppedContent(corrections.content ?? {}).map(inContent),
    ...overlongCall(said, corrections),
    unusableSender(said.channel, corrections.from),
  ].filter((e) => e !== null);
}

/** Content for a channel that is neither used now nor among those that may follow. */
function unheardContent({ channel, following }: SaidBefore, { content = {} }: Corrections): FieldError[] {
  return CHANNELS.filter((named) => content[named] && named !== channel && !following.includes(named)).map((named) => ({
    pointer: `/changes/content/${named}`,
    detail: `would not be heard: it is sent on ${channel}, and ${named} cannot follow`,
  }));
}

/** Corrected text that is too long for a call, be it now or after the channel that is tried now. */
function overlongCall(said: SaidBefore, corrections: Corrections): FieldError[] {
  const content = correctedContent(said, corrections);
  if (content === undefined || content === said.changes?.content) return [];
  return overlongSpeech([said.channel, ...said.following], content).map((error) =>
    error.pointer === '/body' ? { ...error, pointer: '/changes/body' } : inContent(error),
  );
}

function inContent({ pointer, detail }: FieldError): FieldError {
  return { pointer: `/changes/content${pointer}`, detail };
}

/** A corrected body that nobody would get, because the channel sends something else instead. */
function unheardBody({ channel, content, changes }: SaidBefore, corrections: Corrections): FieldError | null {
  if (corrections.body === undefined || corrections.content?.[channel]) return null;
  const { whatsapp, voice } = contentOf({ changes, content });
  const instead = {
    sms: undefined,
    whatsapp: whatsapp?.contentSid && 'a template',
    voice: (voice?.twiml && 'TwiML') ?? (voice?.url && 'what its url answers'),
  }[channel];
  if (!instead) return null;
  return {
    pointer: '/changes/body',
    detail: `would not be heard: ${channel} says ${instead}; correct content.${channel} instead`,
  };
}

/** What is valid as a sender on each channel; Twilio takes names and short codes for SMS only. */
const SENDERS = {
  sms: { fits: isSender, expected: 'a sender' },
  whatsapp: { fits: isNumberOrService, expected: 'a number or a Messaging Service sid' },
  voice: { fits: (sender: string) => E164.test(sender), expected: 'a number' },
} as const satisfies Record<Channel, { fits: (sender: string) => boolean; expected: string }>;

function unusableSender(channel: Channel, from: string | undefined): FieldError | null {
  const { fits, expected } = SENDERS[channel];
  if (from === undefined) return null;
  if (isWhatsappAddress(from) && channel !== 'whatsapp') {
    return { pointer: '/changes/sender', detail: `must be ${expected} on ${channel}, not one on whatsapp` };
  }
  if (fits(bareAddress(from))) return null;
  return { pointer: '/changes/sender', detail: `must be ${expected} on ${channel}` };
}
