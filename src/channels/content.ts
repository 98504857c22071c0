import type { Channel } from '../policy/vocabulary.js';

/** What a notification says, per channel; as the caller sent it, checked at acceptance. */
export interface NotificationContent {
  readonly body?: string;
  readonly whatsapp?: {
    readonly body?: string;
    readonly contentSid?: string;
    readonly contentVariables?: Readonly<Record<string, string>>;
    readonly mediaUrls?: readonly string[];
  };
  readonly sms?: { readonly body?: string; readonly mediaUrls?: readonly string[] };
  readonly voice?: { readonly say?: string; readonly twiml?: string; readonly url?: string };
}

/**
 * The text that a channel says: its own, else the body all channels share. Undefined where it has none, or where a
 * template says something else instead; TwiML and a call's url speak before it does.
 */
export function textOn(channel: Channel, { body, sms, whatsapp, voice }: NotificationContent): string | undefined {
  switch (channel) {
    case 'sms':
      return sms?.body ?? body;
    case 'whatsapp':
      return whatsapp?.contentSid ? undefined : (whatsapp?.body ?? body);
    case 'voice':
      return voice?.say ?? body;
  }
}
