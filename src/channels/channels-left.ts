import type { Channel } from '../policy/vocabulary.js';

/** A notification's position in its order of channels. */
export interface ChannelCourse {
  /** The caller's order. */
  readonly channels: readonly Channel[];
  /** The delivery's channel; a human may have chosen one that the caller did not list. */
  readonly channel: Channel;
  readonly tried: readonly Channel[] | null;
}

/** The parts of a delivery that tell whether its channel was tried. */
export interface Tried {
  readonly channel: Channel;
  /** It is canceled, or about to be. */
  readonly calledOff: boolean;
  /** It has an attempt that is over. */
  readonly attempted: boolean;
}

/**
 * The channels that count as tried. One whose delivery was called off before its first attempt may still have its turn.
 * Pure.
 */
export function triedChannels(deliveries: readonly Tried[]): Channel[] {
  return deliveries.filter(({ calledOff, attempted }) => attempted || !calledOff).map(({ channel }) => channel);
}

/** The channels after this one that were not tried yet. Pure. */
export function channelsLeft({ channels, channel, tried }: ChannelCourse): Channel[] {
  return channels.slice(channels.indexOf(channel) + 1).filter((next) => !tried?.includes(next));
}
