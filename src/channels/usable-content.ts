import type { Channel } from '../policy/vocabulary.js';
import { textOn, type NotificationContent } from './content.js';

/** What a channel lacks, as a JSON pointer and a sentence; null when it has something to say. */
export interface MissingContent {
  readonly pointer: string;
  readonly detail: string;
}

const CHECKS = {
  sms: (content: NotificationContent) =>
    says(textOn('sms', content)) || Boolean(content.sms?.mediaUrls?.length)
      ? null
      : { pointer: '/sms/body', detail: 'sms has nothing to say: give body, sms.body or sms.mediaUrls' },
  whatsapp: (content: NotificationContent) =>
    Boolean(content.whatsapp?.contentSid) ||
    says(textOn('whatsapp', content)) ||
    Boolean(content.whatsapp?.mediaUrls?.length)
      ? null
      : {
          pointer: '/whatsapp/contentSid',
          detail: 'whatsapp has nothing to say: give body, whatsapp.body, whatsapp.contentSid or whatsapp.mediaUrls',
        },
  voice: (content: NotificationContent) =>
    says(textOn('voice', content)) || says(content.voice?.twiml) || Boolean(content.voice?.url)
      ? null
      : { pointer: '/voice/say', detail: 'voice has nothing to say: give body, voice.say, voice.twiml or voice.url' },
} as const satisfies Record<Channel, (content: NotificationContent) => MissingContent | null>;

/** They say nothing: providers refuse them, or send an empty bubble. */
const BLANKS = /^\s*$/;

function says(text: string | undefined): boolean {
  return text !== undefined && !BLANKS.test(text);
}

/** Every channel must have something to say before the notification is accepted: a fallback may need it any time. */
export function missingContent(channels: readonly Channel[], content: NotificationContent): MissingContent[] {
  return channels.map((channel) => CHECKS[channel](content)).filter((missing) => missing !== null);
}
