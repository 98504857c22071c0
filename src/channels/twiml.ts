import VoiceResponse from 'twilio/lib/twiml/VoiceResponse.js';

/** Maximum characters of a call's TwiML; Twilio refuses more with 32018. */
export const LONGEST_TWIML = 4000;

/** Characters that XML 1.0 cannot hold; https://www.w3.org/TR/xml/#charsets */
const NOT_IN_XML = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/**
 * TwiML that says these words. Characters that XML cannot hold become spaces: they are inaudible, and the library
 * refuses them.
 */
export function twimlSaying(words: string): string {
  const response = new VoiceResponse();
  response.say(words.replaceAll(NOT_IN_XML, ' '));
  return response.toString();
}
