import VoiceResponse from 'twilio/lib/twiml/VoiceResponse.js';
import type { Channel } from '../policy/vocabulary.js';
import type { FieldError } from '../problems/problem.js';
import { textOn, type NotificationContent } from './content.js';

/** Characters of TwiML in a request for a call, as Twilio counts them; it refuses more with 32018. */
const LONGEST_TWIML = 4000;
/** Of one that is escaped: `&amp;`. */
const LONGEST_ESCAPE = 5;

/** What XML 1.0 cannot hold; https://www.w3.org/TR/xml/#charsets */
const NOT_IN_XML = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/** TwiML that says these words. What XML cannot hold could not be heard anyway, and the library refuses it. */
export function spoken(words: string): string {
  const response = new VoiceResponse();
  response.say(words.replaceAll(NOT_IN_XML, ' '));
  return response.toString();
}

/** All around the words. */
const FRAME = spoken(' ').length - 1;

/** What a call on one of these channels could not say, since the TwiML of it is more than Twilio takes. */
export function overlongSpeech(channels: readonly Channel[], content: NotificationContent): FieldError[] {
  const { voice } = content;
  const words = textOn('voice', content);
  if (!channels.includes('voice') || words === undefined || voice?.twiml || voice?.url || !isTooLong(words)) return [];
  const detail = `is too long for a call: its TwiML has more than ${LONGEST_TWIML} characters; shorten it, or serve it from voice.url`;
  return [{ pointer: voice?.say ? '/voice/say' : '/body', detail }];
}

function isTooLong(words: string): boolean {
  // Most are far below, and making TwiML of them would be dearer than all the rest.
  return FRAME + words.length * LONGEST_ESCAPE > LONGEST_TWIML && spoken(words).length > LONGEST_TWIML;
}
