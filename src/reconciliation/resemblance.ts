import { textOn, type NotificationContent } from '../channels/content.js';
import { contentOf } from '../channels/corrected.js';
import type { Work } from '../outbox/work.js';
import { isMessagingService } from '../policy/address.js';
import type { TwilioRecord } from '../twilio/twilio.records.js';

/**
 * Whether a message or call in the provider's list, with the right recipient and time, is the attempt's. `perhaps`:
 * nothing in it proves that, so it may as well come from another application on the same account.
 */
export type Resemblance = 'ours' | 'perhaps' | 'another';

/** How one part of the record compares; `untold` if the record does not say. */
type Agreement = 'same' | 'other' | 'untold';

/** Pure. */
export function resemblanceOf(record: TwilioRecord, work: Work): Resemblance {
  // TwiML replies and forwarded calls are outbound, too, but no API request asked for them.
  if (record.direction !== 'outbound-api') return 'another';
  const sender = senderAgrees(record, work.sender);
  if (sender === 'other') return 'another';
  const values = shownValues(work, contentOf(work));
  if (values !== null && record.body) {
    const shown = plain(record.body);
    return values.every((value) => shown.includes(value)) ? 'ours' : 'perhaps';
  }
  const text = comparableText(work, contentOf(work));
  // An empty body may have been redacted by the account, so it proves nothing.
  if (text !== null && record.body) return plain(record.body) === text ? 'ours' : 'another';
  return sender === 'same' ? 'ours' : 'perhaps';
}

/**
 * For a number, the list was already filtered by it. A Messaging Service picks the number, but the record names the
 * service; if the request named none, Twilio shows the account's default one.
 */
function senderAgrees({ messagingServiceSid }: TwilioRecord, sender: string): Agreement {
  if (!isMessagingService(sender)) return 'same';
  if (messagingServiceSid === null) return 'untold';
  return messagingServiceSid.toLowerCase() === sender.toLowerCase() ? 'same' : 'other';
}

/**
 * The content in the form the list shows it, for comparison; null if it shows a rendering (templates) or nothing
 * (calls).
 */
export function comparableText({ channel }: Pick<Work, 'channel'>, content: NotificationContent): string | null {
  const isRendered = channel === 'voice' || (channel === 'whatsapp' && content.whatsapp?.contentSid);
  return isRendered ? null : plain(textOn(channel, content) ?? '');
}

/** The variables that a template's rendering shows; null if there are none. A button may hide some of them. */
function shownValues({ channel }: Pick<Work, 'channel'>, { whatsapp }: NotificationContent): readonly string[] | null {
  if (channel !== 'whatsapp' || !whatsapp?.contentSid) return null;
  const values = Object.values(whatsapp.contentVariables ?? {})
    .map(plain)
    .filter((value) => value !== '');
  return values.length === 0 ? null : values;
}

const TRIAL_ACCOUNT = /^Sent from your Twilio trial account - /;

/**
 * Strips what Twilio may change in a text: blanks at its ends; quotes, dashes and accents that would take two bytes (a
 * Messaging Service's Smart Encoding); a trial account's prefix.
 */
function plain(text: string): string {
  return text
    .replace(TRIAL_ACCOUNT, '')
    .normalize('NFKD')
    .replaceAll(/[\p{Mark}\p{Punctuation}\p{Separator}\p{Other}]/gu, '');
}
