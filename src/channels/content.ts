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
