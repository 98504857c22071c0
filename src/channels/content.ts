import type { Channel } from '../policy/vocabulary.js';

/**
 * What a notification says, per channel; as the caller sent it, checked at acceptance. JSON's null says as much as
 * nothing, and is kept.
 */
export interface NotificationContent {
  readonly body?: string | null;
  readonly whatsapp?: {
    readonly body?: string | null;
    readonly contentSid?: string | null;
    readonly contentVariables?: Readonly<Record<string, string>> | null;
    readonly mediaUrls?: readonly string[] | null;
  } | null;
  readonly sms?: { readonly body?: string | null; readonly mediaUrls?: readonly string[] | null } | null;
  readonly voice?: {
    readonly say?: string | null;
    readonly twiml?: string | null;
    readonly url?: string | null;
  } | null;
}

/**
 * The text that a channel says: its own, else the body all channels share. Undefined where it has none, or where a
 * template says something else instead; TwiML and a call's url speak before it does.
 */
export function textOn(channel: Channel, { body, sms, whatsapp, voice }: NotificationContent): string | undefined {
  switch (channel) {
    case 'sms':
      return sms?.body ?? body ?? undefined;
    case 'whatsapp':
      return whatsapp?.contentSid ? undefined : (whatsapp?.body ?? body ?? undefined);
    case 'voice':
      return voice?.say ?? body ?? undefined;
  }
}
