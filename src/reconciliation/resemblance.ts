import { textOn, type NotificationContent } from '../channels/content.js';
import { contentOf, senderOf } from '../channels/corrected.js';
import type { Work } from '../outbox/work.js';
import { isMessagingService } from '../policy/address.js';
import type { TwilioRecord } from '../twilio/twilio.records.js';

/**
 * Whether a message or call of the provider's list, of the right recipient and time, is the attempt's. `perhaps`: nothing
 * of its own speaks for it, so it may as well be another application's of the same account.
 */
export type Resemblance = 'ours' | 'perhaps' | 'another';

/** How one part of the record compares: `untold` where the record does not say, or says it in other words. */
type Agreement = 'same' | 'other' | 'untold';

/** Pure. */
export function resemblanceOf(record: TwilioRecord, work: Work): Resemblance {
  // Answers by TwiML and forwarded calls are outbound too, but nothing that was asked for by a request.
  if (record.direction !== 'outbound-api') return 'another';
  const sender = senderAgrees(record, senderOf(work));
  if (sender === 'other') return 'another';
  const values = shownValues(work, contentOf(work));
  if (values !== null && record.body) {
    const shown = plain(record.body);
    return values.every((value) => shown.includes(value)) ? 'ours' : 'perhaps';
  }
  const text = comparableText(work, contentOf(work));
  // An empty body may have been redacted by the account: it proves nothing against the message.
  if (text !== null && record.body) return plain(record.body) === text ? 'ours' : 'another';
  return sender === 'same' ? 'ours' : 'perhaps';
}

/**
 * The list was asked for a number's messages only. A Messaging Service picks the number, but is named itself; where a
 * request named none, Twilio names the account's default one.
 */
function senderAgrees({ messagingServiceSid }: TwilioRecord, sender: string): Agreement {
  if (!isMessagingService(sender)) return 'same';
  if (messagingServiceSid === null) return 'untold';
  return messagingServiceSid.toLowerCase() === sender.toLowerCase() ? 'same' : 'other';
}

/** What the list shows of the content, in comparable form; null where it shows a rendering (templates) or nothing (calls). */
export function comparableText({ channel }: Pick<Work, 'channel'>, content: NotificationContent): string | null {
  const isRendered = channel === 'voice' || (channel === 'whatsapp' && content.whatsapp?.contentSid);
  return isRendered ? null : plain(textOn(channel, content) ?? '');
}

/** What a template's rendering shows of what was filled in; null where that is nothing. A button may hide some of it. */
function shownValues({ channel }: Pick<Work, 'channel'>, { whatsapp }: NotificationContent): readonly string[] | null {
  if (channel !== 'whatsapp' || !whatsapp?.contentSid) return null;
  const values = Object.values(whatsapp.contentVariables ?? {})
    .map(plain)
    .filter((value) => value !== '');
  return values.length === 0 ? null : values;
}

const TRIAL_ACCOUNT = /^Sent from your Twilio trial account - /;

/**
 * Without what Twilio changes in a text: blanks at its ends, quotes, dashes and accents that would take two bytes (a Messaging
 * Service's Smart Encoding), the first words of a trial account.
 */
function plain(text: string): string {
  return text
    .replace(TRIAL_ACCOUNT, '')
    .normalize('NFKD')
    .replaceAll(/[\p{Mark}\p{Punctuation}\p{Separator}\p{Other}]/gu, '');
}
