import type { Channel } from './vocabulary.js';

/** The shapes of recipients and senders, as Twilio has them; one place for every check, query and request. */
const NUMBER = String.raw`\+[1-9]\d{6,14}`;
const SERVICE = 'MG[0-9a-fA-F]{32}';
const SHORT_CODE = String.raw`\d{3,8}`;
/** Twilio wants at least one letter in it, and no space at either end. */
const NAME = '(?=.*[A-Za-z])[A-Za-z0-9]([A-Za-z0-9 ]{0,9}[A-Za-z0-9])?';

/** A number as it is written; whether it can exist, phone-number.ts says. */
export const E164 = new RegExp(`^${NUMBER}$`);
const MESSAGING_SERVICE = new RegExp(`^${SERVICE}$`);
const SENDER = new RegExp(`^(${NUMBER}|${SERVICE}|${SHORT_CODE}|${NAME})$`);
/** The same as a human may write it. */
export const WRITTEN_SENDER = new RegExp(`^(whatsapp:)?(${NUMBER}|${SERVICE}|${SHORT_CODE}|${NAME})$`);

/** A number, a Messaging Service, a short code or a sender name. */
export function isSender(sender: string): boolean {
  return SENDER.test(sender);
}

/** Twilio takes names and short codes for SMS only. */
export function isNumberOrService(sender: string): boolean {
  return E164.test(sender) || MESSAGING_SERVICE.test(sender);
}

/** A sid, which goes out as MessagingServiceSid; a sender may be named `MG Cars`. */
export function isMessagingService(sender: string): boolean {
  return MESSAGING_SERVICE.test(sender);
}

const PREFIX = 'whatsapp:';

/** As Twilio names a number (or, in our own names, a Messaging Service) on this channel. */
export function addressOn(channel: Channel, number: string): string {
  return channel === 'whatsapp' ? `${PREFIX}${number}` : number;
}

export function isWhatsappAddress(address: string): boolean {
  return address.startsWith(PREFIX);
}

/** Without `whatsapp:`. */
export function bareAddress(address: string): string {
  return isWhatsappAddress(address) ? address.slice(PREFIX.length) : address;
}

/**
 * Until 2019, mobile numbers in Mexico had a 1 behind +52; WhatsApp still names them so, and Twilio hands that on as the
 * From of a STOP. With and without it, it is one phone. Read by PostgreSQL, too.
 * Sources: https://www.twilio.com/guidelines/mx/sms, https://github.com/chatwoot/chatwoot/pull/14174.
 */
export const OLD_MEXICAN = /^\+521(\d{10})$/;

/** The one form of a number: what is remembered of a recipient is kept and found under it. */
export function canonicalNumber(number: string): string {
  return number.replace(OLD_MEXICAN, '+52$1');
}
