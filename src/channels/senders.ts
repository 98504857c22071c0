import { Inject, Injectable } from '@nestjs/common';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import type { Channel } from '../policy/vocabulary.js';

/** The environment variable that configures a channel's sender. */
export const SENDER_VARIABLE = {
  sms: 'TWILIO_SMS_FROM',
  whatsapp: 'TWILIO_WHATSAPP_FROM',
  voice: 'TWILIO_VOICE_FROM',
} as const satisfies Record<Channel, string>;

/** The configured sender of each channel. */
@Injectable()
export class Senders {
  constructor(@Inject(CONFIGURATION) private readonly configuration: Configuration) {}

  /**
   * A number, a Messaging Service sid or, for SMS, a short code or name, without `whatsapp:`; undefined if none is
   * configured.
   */
  of(channel: Channel): string | undefined {
    return this.configuration.twilio.senders[channel];
  }
}
