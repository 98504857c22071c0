import type { Channel } from '../policy/vocabulary.js';
import type { FieldError } from '../problems/problem.js';
import { textOn, type NotificationContent } from './content.js';
import { LONGEST_TWIML, twimlSaying } from './twiml.js';

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
  voice: (content: NotificationContent) => {
    const text = textOn('voice', content);
    const { twiml, url } = content.voice ?? {};
    if (url || says(twiml ?? text)) return null;
    return says(text)
      ? {
          pointer: '/voice/twiml',
          detail: 'voice has nothing to say: blank TwiML takes the place of voice.say and body',
        }
      : { pointer: '/voice/say', detail: 'voice has nothing to say: give body, voice.say, voice.twiml or voice.url' };
  },
} as const satisfies Record<Channel, (content: NotificationContent) => FieldError | null>;

const BLANKS = /^\s*$/;

/** Blank text says nothing: providers refuse it, or send an empty bubble. */
export function says(text: string | null | undefined): boolean {
  return text != null && !BLANKS.test(text);
}

/**
 * Finds channels with nothing to say. Acceptance requires content for every channel, since a fallback may need it any
 * time.
 */
export function missingContent(channels: readonly Channel[], content: NotificationContent): FieldError[] {
  return channels.map((channel) => CHECKS[channel](content)).filter((missing) => missing !== null);
}

/** {@link missingContent}, and content that is too long for a channel: whoever supplies it can shorten it. */
export function unusableContent(channels: readonly Channel[], content: NotificationContent): FieldError[] {
  return [...missingContent(channels, content), ...overlongSpeech(channels, content)];
}

/** Finds speech that is too long for a call: Twilio would refuse its TwiML. */
export function overlongSpeech(channels: readonly Channel[], content: NotificationContent): FieldError[] {
  const problem = channels.includes('voice') ? tooMuchToSay(content) : null;
  return problem ? [problem] : [];
}

/** The most characters that one character can become in XML. */
const LONGEST_ESCAPE = 6;
const ROOM_FOR_TAGS = 100;

function tooMuchToSay(content: NotificationContent): FieldError | null {
  const { voice } = content;
  const words = voice?.url || voice?.twiml ? '' : (textOn('voice', content) ?? '');
  if (words.length * LONGEST_ESCAPE + ROOM_FOR_TAGS <= LONGEST_TWIML) return null;
  const length = Array.from(twimlSaying(words)).length;
  if (length <= LONGEST_TWIML) return null;
  const detail = `voice says too much: its TwiML has ${length} of at most ${LONGEST_TWIML} characters (& and < count as five and four)`;
  return { pointer: voice?.say == null ? '/body' : '/voice/say', detail };
}
