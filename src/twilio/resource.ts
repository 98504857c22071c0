import type { Channel } from '../policy/vocabulary.js';

/** What Twilio makes of an accepted request: each has its own creation, list, sid and callbacks. */
export type TwilioResource = 'message' | 'call';

export const RESOURCE_OF = {
  whatsapp: 'message',
  sms: 'message',
  voice: 'call',
} as const satisfies Record<Channel, TwilioResource>;
