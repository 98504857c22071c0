import type { Channel } from '../policy/vocabulary.js';

/**
 * A notification's content per channel, as the caller sent it and as checked at acceptance. A JSON null means the same
 * as an absent field, and is kept.
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
 * The text for a channel: its own, else the body shared by all. Undefined if there is none, or if a template takes its
 * place. A call's TwiML or url takes precedence over this text.
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
