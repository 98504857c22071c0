import { addressOn, bareAddress } from '../policy/address.js';
import { CHANNELS, type Channel } from '../policy/vocabulary.js';
import { closestName } from '../validation/closest-name.js';

/** A name in SENDER_RATES that matches no configured sender. */
export interface UnknownSender {
  readonly sender: string;
  /** The configured sender that was probably meant. */
  readonly meant: string | null;
}

/**
 * Finds rates that limit nothing: a typo, or a number without its channel, would otherwise silently mean no limit. Such
 * a rate is not an error, since a human's correction may send from any sender. Pure.
 */
export function unknownSenders(
  rated: Iterable<string>,
  configured: Readonly<Partial<Record<Channel, string>>>,
): UnknownSender[] {
  const known = CHANNELS.flatMap((channel) => namesOf(channel, configured[channel]));
  return [...rated]
    .filter((sender) => !known.includes(sender))
    .map((sender) => ({
      sender,
      meant: known.find((name) => bare(name) === bare(sender)) ?? closestName(sender, known),
    }));
}

/** The names that SENDER_RATES may use for a channel's sender. */
function namesOf(channel: Channel, sender: string | undefined): string[] {
  if (sender === undefined) return [];
  return channel === 'voice' ? [sender, `voice:${sender}`] : [addressOn(channel, sender)];
}

function bare(name: string): string {
  return bareAddress(name.replace(/^voice:/, ''));
}
