import { addressOn, bareAddress } from '../policy/address.js';
import { CHANNELS, type Channel } from '../policy/vocabulary.js';
import { closestName } from '../validation/closest-name.js';

/** A name in SENDER_RATES that none of the configured senders has. */
export interface UnknownSender {
  readonly sender: string;
  /** The configured one that was probably meant. */
  readonly meant: string | null;
}

/**
 * Which rates hold nothing back: a typing error, or a number without its channel, would otherwise be no limit and no
 * word about it. Not wrong in itself, since a human's correction may send from any sender. Pure.
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

/** How SENDER_RATES may name the sender of a channel. */
function namesOf(channel: Channel, sender: string | undefined): string[] {
  if (sender === undefined) return [];
  return channel === 'voice' ? [sender, `voice:${sender}`] : [addressOn(channel, sender)];
}

function bare(name: string): string {
  return bareAddress(name.replace(/^voice:/, ''));
}
