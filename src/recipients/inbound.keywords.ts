import { isWhatsappAddress } from '../policy/address.js';

/** What an inbound message says about whether its sender wants to receive messages. */
export type Wish = 'stop' | 'start';

/**
 * Twilio's default keywords for SMS, which must be the whole message, in any case. help.twilio.com, "Twilio support for
 * opt-out keywords".
 */
const STOP = new Set(['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'OPTOUT', 'REVOKE']);
const START = new Set(['START', 'YES', 'UNSTOP']);

export interface InboundMessage {
  readonly from: string;
  readonly body: string;
  /** OptOutType: how Twilio itself read the message, by keywords that the account may have customised. */
  readonly optOutType: string | null;
}

/**
 * Reads a wish from an inbound message; null for an ordinary one. On WhatsApp, where people block a sender instead, a
 * lone "yes" or "cancel" is an answer to something else. Pure.
 */
export function wishOf({ from, body, optOutType }: InboundMessage): Wish | null {
  if (optOutType !== null) return optOutType === 'STOP' ? 'stop' : optOutType === 'START' ? 'start' : null;
  if (isWhatsappAddress(from)) return null;
  const word = body.trim().toUpperCase();
  if (STOP.has(word)) return 'stop';
  return START.has(word) ? 'start' : null;
}
