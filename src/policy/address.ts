import type { Channel } from './vocabulary.js';

/** The address formats that Twilio accepts for recipients and senders, shared by every check, query and request. */
const NUMBER = String.raw`\+[1-9]\d{6,14}`;
const SERVICE = 'MG[0-9a-fA-F]{32}';
const SHORT_CODE = String.raw`\d{3,8}`;
/** Twilio requires at least one letter and allows no space at either end. */
const NAME = '(?=.*[A-Za-z])[A-Za-z0-9]([A-Za-z0-9 ]{0,9}[A-Za-z0-9])?';

/** A syntactically valid number; phone-number.ts checks whether it can exist. */
export const E164 = new RegExp(`^${NUMBER}$`);
const MESSAGING_SERVICE = new RegExp(`^${SERVICE}$`);
const SENDER = new RegExp(`^(${NUMBER}|${SERVICE}|${SHORT_CODE}|${NAME})$`);
/** A sender as a human may write it: `whatsapp:` in front is allowed. */
export const WRITTEN_SENDER = new RegExp(`^(whatsapp:)?(${NUMBER}|${SERVICE}|${SHORT_CODE}|${NAME})$`);

/** A number, a Messaging Service, a short code or a sender name. */
export function isSender(sender: string): boolean {
  return SENDER.test(sender);
}

/** Twilio takes names and short codes for SMS only. */
export function isNumberOrService(sender: string): boolean {
  return E164.test(sender) || MESSAGING_SERVICE.test(sender);
}

/** A Messaging Service sid, sent as MessagingServiceSid. Not just any `MG…`: a sender may be named `MG Cars`. */
export function isMessagingService(sender: string): boolean {
  return MESSAGING_SERVICE.test(sender);
}

const PREFIX = 'whatsapp:';

/** Twilio's address for a number on this channel. Also applied to a Messaging Service in names of our own. */
export function addressOn(channel: Channel, number: string): string {
  return channel === 'whatsapp' ? `${PREFIX}${number}` : number;
}

export function isWhatsappAddress(address: string): boolean {
  return address.startsWith(PREFIX);
}

/** The address without `whatsapp:`. */
export function bareAddress(address: string): string {
  return isWhatsappAddress(address) ? address.slice(PREFIX.length) : address;
}

/**
 * Until 2019, Mexican mobile numbers had a 1 after +52. WhatsApp still uses that form, and Twilio passes it on as the
 * From of a STOP. Both forms belong to the same phone. PostgreSQL runs this pattern, too.
 * Sources: https://www.twilio.com/guidelines/mx/sms, https://github.com/chatwoot/chatwoot/pull/14174.
 */
export const OLD_MEXICAN = /^\+521(\d{10})$/;

/** The canonical form of a number: what we remember about a recipient is stored and looked up under it. */
export function canonicalNumber(number: string): string {
  return number.replace(OLD_MEXICAN, '+52$1');
}
