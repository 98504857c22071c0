import type { Channel } from '../policy/vocabulary.js';

/** What Twilio creates for an accepted request: each kind has its own endpoint, list, sid and callbacks. */
export type TwilioResource = 'message' | 'call';

export const RESOURCE_OF = {
  whatsapp: 'message',
  sms: 'message',
  voice: 'call',
} as const satisfies Record<Channel, TwilioResource>;
