import { Inject, Injectable } from '@nestjs/common';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import type { Channel } from '../policy/vocabulary.js';

/** The environment variable that gives a channel its sender. */
export const SENDER_VARIABLE = {
  sms: 'TWILIO_SMS_FROM',
  whatsapp: 'TWILIO_WHATSAPP_FROM',
  voice: 'TWILIO_VOICE_FROM',
} as const satisfies Record<Channel, string>;

/** Who sends on a channel. */
@Injectable()
export class Senders {
  constructor(@Inject(CONFIGURATION) private readonly configuration: Configuration) {}

  /** A number or a Messaging Service sid, without `whatsapp:`; undefined where the operator configured none. */
  of(channel: Channel): string | undefined {
    return this.configuration.twilio.senders[channel];
  }

  /** @throws Error when the channel has no sender: acceptance checks that every channel of a notification has one. */
  require(channel: Channel): string {
    const sender = this.of(channel);
    if (!sender) throw new Error(`${channel} has no sender: set ${SENDER_VARIABLE[channel]}`);
    return sender;
  }
}
