import type { Channel } from '../policy/vocabulary.js';

/** Where a notification is in its order of channels. */
export interface ChannelCourse {
  /** The caller's order. */
  readonly channels: readonly Channel[];
  /** Of the delivery; a human may have chosen one that the caller did not name. */
  readonly channel: Channel;
  readonly tried: readonly Channel[] | null;
}

/** The channels behind this one that were not tried yet. Pure. */
export function channelsLeft({ channels, channel, tried }: ChannelCourse): Channel[] {
  return channels.slice(channels.indexOf(channel) + 1).filter((next) => !tried?.includes(next));
}
