/** The channel of a message or call. */
export const CHANNELS = ['whatsapp', 'sms', 'voice'] as const;
export type Channel = (typeof CHANNELS)[number];

const WHATSAPP = 'whatsapp:';

export function isWhatsApp(address: string): boolean {
  return address.startsWith(WHATSAPP);
}

/** `whatsapp:+15551230001` and `+15551230001` are the same person. */
export function bareNumber(address: string): string {
  return isWhatsApp(address) ? address.slice(WHATSAPP.length) : address;
}

export function isE164(number: string): boolean {
  return /^\+[1-9]\d{6,14}$/.test(number);
}

/** A phone number, a short code, or a name of up to eleven letters and digits. */
export function isSmsSender(sender: string): boolean {
  return isE164(sender) || /^\d{3,8}$/.test(sender) || /^(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}$/.test(sender);
}

/** Twilio requires http or https and a host name without underscores. */
export function isCallbackUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && !url.hostname.includes('_');
}
