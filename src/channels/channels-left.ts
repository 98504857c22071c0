import type { Channel } from '../policy/vocabulary.js';

/** Where a notification is in its order of channels. */
export interface ChannelCourse {
  /** The caller's order. */
  readonly channels: readonly Channel[];
  /** Of the delivery; a human may have chosen one that the caller did not name. */
  readonly channel: Channel;
  readonly tried: readonly Channel[] | null;
}

/** A delivery, as far as it says whether its channel was tried. */
export interface Tried {
  readonly channel: Channel;
  /** It was called off: canceled, or about to be. */
  readonly calledOff: boolean;
  /** It has an attempt that is over. */
  readonly attempted: boolean;
}

/** The channels that count as tried: one that was called off before its first attempt may still have its turn. Pure. */
export function triedChannels(deliveries: readonly Tried[]): Channel[] {
  return deliveries.filter(({ calledOff, attempted }) => attempted || !calledOff).map(({ channel }) => channel);
}

/** The channels behind this one that were not tried yet. Pure. */
export function channelsLeft({ channels, channel, tried }: ChannelCourse): Channel[] {
  return channels.slice(channels.indexOf(channel) + 1).filter((next) => !tried?.includes(next));
}
